"""Comments through the public door."""

from __future__ import annotations

from tests.system.conftest import Door


class TestPath:
    async def test_a_comment_right_after_its_ticket(self, door: Door):
        client = door.as_("member")
        ticket = await client.call("POST", "/api/orgs/ours/tickets", {"title": "x"})
        assert ticket.status == 201, ticket.body
        made = await client.call("POST", f"{ticket.headers['Location']}/comments", {"body": "**hi**"})
        assert made.status == 201, made.body
        listed = await client.call("GET", f"{ticket.headers['Location']}/comments")
        assert listed.body["items"] == [made.body]
        print(made.body, listed.body)
        detail = await client.call("GET", ticket.headers["Location"])
        print(detail.body, detail.headers)
