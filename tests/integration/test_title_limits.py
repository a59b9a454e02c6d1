"""How long a title may be, as sent and as stored, is what the OpenAPI document says."""

from __future__ import annotations

import pytest

from tests.integration.stacks import Api
from tests.support.services import published_document

AS_SENT, AS_STORED = 1000, 200
LONGEST = "👍" * AS_STORED


@pytest.mark.parametrize("name", ["CreateTicket", "PatchTicket"])
def test_the_document_tells_both_limits(name: str):
    title = published_document()["components"]["schemas"][name]["properties"]["title"]
    assert title["maxLength"] == AS_SENT
    assert f"1 to {AS_STORED} characters" in title["description"]
    assert f"{AS_SENT:,} at most as sent" in title["description"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
class TestTitle:
    async def path(self, api: Api, method: str) -> str:
        made = await api.as_("member").create_ticket("ours")
        return api.path if method == "POST" else f"{api.path}/{made['id']}"

    async def test_is_taken_as_long_as_the_document_says_and_stored_trimmed(self, api: Api, method: str):
        text = f" {LONGEST}".ljust(AS_SENT)
        answer = await api.as_("member").call(method, await self.path(api, method), {"title": text})
        assert answer.status == (201 if method == "POST" else 200)
        assert answer.body["title"] == LONGEST

    @pytest.mark.parametrize(
        ("text", "code"),
        [(LONGEST.ljust(AS_SENT + 1), "too-long"), (LONGEST + "👍", "too-long"), ("", "blank"), (" ", "blank")],
        ids=["as sent", "trimmed", "empty", "blank"],
    )
    async def test_is_refused_beyond_that(self, api: Api, method: str, text: str, code: str):
        answer = await api.as_("member").call(method, await self.path(api, method), {"title": text})
        assert (answer.status, answer.body["errors"][0]["code"]) == (400, code)
