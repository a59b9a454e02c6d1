"""The page "Notifications of the workspace": what it shows, what it changes, and its refusals."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.tests.console.settings.test_frame import (
    OF_WORKSPACE,
    Telling,
    problem,
    tickets,
    window_of,
    workspace_settings,
)
from services.gateway.tests.console.settings.test_notifications import chosen, field
from tests.support.web_clients import Visitor

PATH = "/settings/workspace-notifications"
UNTOUCHED = {"escalates": "on", "escalate_after_hours": "24", "version": "2"}


@pytest.fixture
def window(telling: Any, upstream: Any) -> Visitor:
    upstream.answer = tickets()
    return window_of(telling)


class TestShowing:
    @pytest.mark.parametrize(("hours", "ticked", "shown"), [(24, True, "24"), (48, True, "48"), (0, False, "24")])
    async def test_when_owners_and_admins_are_told(
        self, window: Visitor, notifications: Any, hours: int, ticked: bool, shown: str
    ):
        notifications.answer = Telling(workspace=workspace_settings(escalate_after_hours=hours))
        html = (await window.get(PATH)).html
        assert (" checked" in field(html, "escalates")) == ticked
        assert f'value="{shown}"' in field(html, "escalate_after_hours")

    async def test_what_mails_say_and_in_which_language(self, window: Visitor, notifications: Any):
        notifications.answer = Telling(workspace=workspace_settings(include_text=True, language="es"))
        html = (await window.get(PATH)).html
        assert " checked" in field(html, "include_text")
        assert chosen(html, "language") == "es"


class TestChanging:
    @pytest.mark.parametrize(
        ("form", "change"),
        [
            ({"escalates": "on", "escalate_after_hours": "48"}, {"escalate_after_hours": 48}),
            ({"escalate_after_hours": "24"}, {"escalate_after_hours": 0}),
            (UNTOUCHED | {"include_text": "on"}, {"include_text": True}),
            (UNTOUCHED | {"language": "es"}, {"language": "es"}),
        ],
    )
    async def test_sends_what_differs_with_the_version_that_was_seen(
        self, window: Visitor, notifications: Any, form: dict[str, str], change: dict[str, Any]
    ):
        notifications.answer = telling = Telling()
        page = await window.post(PATH, {"version": "2"} | form)
        assert telling.changes == [(OF_WORKSPACE, change, '"2"')]
        assert page.events["opsdash:toast"] == {"kind": "success", "text": "Saved"}
        assert 'name="version" value="3"' in page.html


class TestRefusals:
    async def test_hours_that_are_no_number_are_not_sent(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling()
        page = await window.post(PATH, UNTOUCHED | {"escalate_after_hours": "a day"})
        assert (page.status, telling.changes) == (422, [])
        assert "This is not a whole number." in page.html
        assert 'value="a day"' in field(page.html, "escalate_after_hours")

    async def test_of_the_service_stand_beside_the_field(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling()
        telling.refusal = lambda: problem("validation", 400, ("/escalate_after_hours", "out-of-range"))
        page = await window.post(PATH, UNTOUCHED | {"escalate_after_hours": "9999"})
        assert page.status == 422
        assert "This is too small or too large." in page.html
        assert 'aria-invalid="true"' in field(page.html, "escalate_after_hours")

    async def test_somebody_who_was_faster_is_told_and_what_was_typed_stays(self, window: Visitor, notifications: Any):
        notifications.answer = telling = Telling(workspace=workspace_settings(escalate_after_hours=12, version=3))
        telling.refusal = lambda: problem("stale-version", 412)
        page = await window.post(PATH, UNTOUCHED | {"escalate_after_hours": "48"})
        assert page.status == 422
        assert "were changed elsewhere in the meantime" in page.html
        assert 'value="48"' in field(page.html, "escalate_after_hours")
        assert 'name="version" value="3"' in page.html
