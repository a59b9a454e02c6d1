"""Typed text on the page: escaped or sanitised, and always where htmx does not look."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.support.hostile_text import PAYLOADS, active_content
from tests.support.measurements import eventually
from tests.support.web_clients import Outline
from tests.system.conftest import Door, at, new_ticket, visitor
from tests.system.test_comments_xss import in_turns

BUSY = 503  # on a machine that is; whoever writes asks again


class TestStoredTexts:
    async def test_typed_text_adds_no_element_outside_of_what_htmx_ignores(self, door: Door):
        client = visitor(door, "owner")

        async def watched(ticket: dict[str, Any]) -> str:
            """The page, once the service that notifies people has heard of the ticket: its creator watches it."""

            async def html() -> str:
                return (await client.get(at(ticket))).html

            return await eventually(html, lambda html: "Watching:" in html)

        plain = Outline(await watched(await new_ticket(door, title="x", description="x")))
        made = await in_turns(new_ticket(door, title=text[:200], description=text) for text in PAYLOADS)
        for ticket, text in zip(made, PAYLOADS, strict=True):
            page = Outline(await watched(ticket))
            assert page.elements == plain.elements, text
            # A title may turn its own text around; its element keeps that inside.
            faults = [fault for html in page.typed for fault in active_content(html) if not fault.startswith("U+")]
            assert faults == [], text

    async def test_comments_neither(self, door: Door):
        ticket, client = await new_ticket(door), visitor(door, "owner")
        path = f"/api/orgs/ours/tickets/{ticket['id']}/comments"

        async def post(text: str) -> None:
            call = partial(door.as_("owner").call, "POST", path, {"body": text})
            answer = await eventually(call, lambda answer: answer.status != BUSY)
            assert answer.status == 201, answer.body

        await in_turns(post(text) for text in PAYLOADS[:49])
        await post("plain")
        page = Outline((await client.get(at(ticket, "/comments"))).html)
        assert len([tag for tag, _ in page.elements if tag == "article"]) == 50
        ours = {"article", "b", "bdi", "button", "div", "header", "p", "span", "svg", "time", "use"}
        assert {tag for tag, _ in page.elements} <= ours
        assert [active_content(html) for html in page.typed] == [[]] * len(page.typed)
