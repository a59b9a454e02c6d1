"""What the notifications service asks for a mail: the owners answer with the rights of the person it names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_notifications.comments.comments_client import CommentClient
from opsdash_notifications.settings import NotificationsSettings
from opsdash_notifications.tickets.tickets_client import TicketClient
from opsdash_tenancy.excerpts import MOST_CHARACTERS, Excerpt

from tests.support.measurements import eventually
from tests.support.services import settings_in
from tests.support.stack import Client, notifications_environment, token
from tests.system.conftest import Door
from tests.system.test_comments import write


@dataclass
class Asking:
    """The clients of the notifications service, and the services that they ask."""

    door: Door
    tickets: TicketClient
    comments: CommentClient

    @property
    def org(self) -> UUID:
        return self.door.api.ours.id

    async def ticket(self, **fields: object) -> dict[str, object]:
        made = await self.door.as_("owner").call("POST", "/api/orgs/ours/tickets", {"title": "x", **fields})
        assert made.status == 201, made.body
        body: dict[str, object] = made.body
        return body

    async def execute(self, statement: str, *values: object) -> None:
        connection = await asyncpg.connect(self.door.api.stack.database.worker_url)
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()


@pytest.fixture
async def asking(door: Door) -> AsyncIterator[Asking]:
    stack = door.api.stack
    environment = notifications_environment(stack, stack.database, door.api.service.url)
    environment["OPSDASH_COMMENTS_URL"] = door.comments.url
    settings = NotificationsSettings(**settings_in(environment))
    tickets, comments = TicketClient(settings), CommentClient(settings)
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(tickets.open())
        await opened.enter_async_context(comments.open())
        yield Asking(door, tickets, comments)


class TestTexts:
    async def test_a_member_reads_how_a_ticket_begins(self, asking: Asking) -> None:
        ours = asking.door.api.ours
        ticket = await asking.ticket(description="**Help** <b>me</b>")
        ticket_id = UUID(str(ticket["id"]))
        for person in (ours.owner, ours.viewer):
            found = await asking.tickets.text(asking.org, person, ticket_id)
            assert found == Excerpt(text="**Help** <b>me</b>", is_whole=True)
        long = await asking.ticket(description="y" * (MOST_CHARACTERS + 1))
        assert await asking.tickets.text(asking.org, ours.owner, UUID(str(long["id"]))) == Excerpt(
            text="y" * MOST_CHARACTERS, is_whole=False
        )

    async def test_nobody_else_reads_it(self, asking: Asking) -> None:
        ours, foreign, free = asking.door.api.ours, asking.door.api.foreign, asking.door.api.free
        ticket_id = UUID(str((await asking.ticket(description="secret"))["id"]))
        assert await asking.tickets.text(asking.org, foreign.owner, ticket_id) is None
        assert await asking.tickets.text(foreign.id, foreign.owner, ticket_id) is None
        assert await asking.tickets.text(foreign.id, ours.owner, ticket_id) is None
        assert await asking.tickets.text(free.id, free.owner, ticket_id) is None
        assert await asking.tickets.text(asking.org, uuid4(), ticket_id) is None

    async def test_a_deleted_ticket_is_read_by_nobody(self, asking: Asking) -> None:
        ticket = await asking.ticket(description="secret")
        owner = asking.door.as_("owner")
        comment = await write(owner, f"/api/orgs/ours/tickets/{ticket['number']}/comments", "secret")
        assert (await owner.call("DELETE", f"/api/orgs/ours/tickets/{ticket['number']}")).status == 204
        reader = asking.door.api.ours.owner
        assert await asking.tickets.text(asking.org, reader, UUID(str(ticket["id"]))) is None

        async def of_its_comment() -> Excerpt | None:
            return await asking.comments.text(asking.org, reader, UUID(comment["id"]))

        await eventually(of_its_comment, lambda found: found is None)

    async def test_a_comment_is_read_by_members_until_it_is_deleted(self, asking: Asking) -> None:
        ours, foreign = asking.door.api.ours, asking.door.api.foreign
        ticket, owner = await asking.ticket(), asking.door.as_("owner")
        path = f"/api/orgs/ours/tickets/{ticket['number']}/comments"
        comment = await write(owner, path, "See [this](https://x.example)")
        comment_id = UUID(comment["id"])
        found = await asking.comments.text(asking.org, ours.viewer, comment_id)
        assert found == Excerpt(text="See [this](https://x.example)", is_whole=True)
        assert await asking.comments.text(asking.org, foreign.owner, comment_id) is None
        assert await asking.comments.text(foreign.id, foreign.owner, comment_id) is None
        assert (await owner.call("DELETE", f"{path}/{comment_id}")).status == 204
        assert await asking.comments.text(asking.org, ours.viewer, comment_id) is None


class TestOverdue:
    async def test_it_is_the_assignees_and_nobodys_is_of_owners_and_admins(self, asking: Asking) -> None:
        ours = asking.door.api.ours
        theirs = await asking.ticket(title="theirs", assignee_id=str(ours.member))
        nobodys = await asking.ticket(title="nobodys")
        left = await asking.ticket(title="of who left", assignee_id=str(ours.member))
        await asking.ticket(title="in time", assignee_id=str(ours.member))
        resolved = await asking.ticket(title="resolved", assignee_id=str(ours.member))
        late = [theirs, nobodys, left, resolved]
        numbers = [ticket["number"] for ticket in late]
        await asking.execute(
            "UPDATE tickets SET sla_due_at = now() - interval '1 hour' WHERE org_id = $1 AND number = ANY($2)",
            asking.org,
            numbers,
        )
        await asking.execute(
            "UPDATE tickets SET assignee_id = $3 WHERE org_id = $1 AND number = $2", asking.org, left["number"], uuid4()
        )
        await asking.door.as_("owner").call(
            "PATCH", f"/api/orgs/ours/tickets/{resolved['number']}", {"status": "resolved"}
        )
        seen = {role: await self.titles(asking, getattr(ours, role)) for role in ("owner", "admin", "member", "viewer")}
        wide, own = {"nobodys", "of who left"}, {"theirs"}
        assert seen == {"owner": wide, "admin": wide, "member": own, "viewer": set()}
        assert await asking.tickets.overdue(asking.org, asking.door.api.foreign.owner) is None

    async def titles(self, asking: Asking, reader: UUID) -> set[str]:
        found = await asking.tickets.overdue(asking.org, reader)
        assert found is not None
        assert found.found == len(found.tickets)
        return {ticket.title for ticket in found.tickets}


PATHS = ["comments/{id}/text", "tickets/{id}/text", "overdue"]


@pytest.mark.parametrize("path", PATHS)
async def test_only_the_notifications_service_may_ask(asking: Asking, path: str) -> None:
    door, ours = asking.door, asking.door.api.ours
    service = door.comments if path.startswith("comments") else door.api.service
    full = f"/internal/orgs/{ours.id}/readers/{ours.owner}/{path.format(id=uuid4())}"
    assert (await door.as_("owner").call("GET", f"/api{full}")).status == 404
    right = token("notifications", "comments" if path.startswith("comments") else "tickets")
    for authorization in (f"Bearer {token('comments', 'tickets')}", f"Bearer {right}x", f"Bearer {right}"):
        answer = await Client(service.url, {"Authorization": authorization}).call("GET", full)
        assert (answer.status == 401) == (authorization != f"Bearer {right}"), authorization
