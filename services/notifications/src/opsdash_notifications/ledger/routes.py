"""The route of a ticket's notices."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from opsdash_chassis.database.cursors import InvalidCursor
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_tenancy.references import id_or_number

from opsdash_notifications.access.policy import Access, NoticeAction
from opsdash_notifications.ledger import repository
from opsdash_notifications.ledger.schemas import NoticePage, notice_of, stored_of
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.tickets.scope import RequestScope

_BEHIND_ALL: Final = 2**63 - 1


@get("/notices", operation_id="listNotices")
async def list_notices(
    reference: FromPath[str],
    org: NamedDependency[RequestScope],
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 25,
    cursor: Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")] = None,
) -> NoticePage:
    """Who was told what of the ticket, by which channel and when, or why not; newest first."""

    async def act(work: UnitOfWork, access: Access, ticket: KnownTicket) -> NoticePage:
        scope = f"{access.org_id}|notices|{ticket.ticket_id}"
        before = _BEHIND_ALL if cursor is None else _position(org.cursors.decode(cursor, scope=scope))
        rows = await repository.page(work.connection, access.org_id, ticket.ticket_id, before=before, limit=limit + 1)
        shown = stored_of(rows[:limit])
        people = await org.people(work, (stored.recipient_id for _, stored in shown if stored.recipient_id))
        channels = [stored.channel_id for _, stored in shown if stored.channel_id is not None]
        names = await repository.channel_names(work.connection, access.org_id, channels)
        more = len(rows) > limit
        return NoticePage(
            items=[notice_of(row, stored, people, names) for row, stored in shown],
            next_cursor=org.cursors.encode([shown[-1][0].version], scope=scope) if more else None,
        )

    return await org.run(NoticeAction.READ, id_or_number(reference), act)


def _position(values: list[str | int]) -> int:
    """Signed by us, so its parts have the right form; anything else was made for another list."""
    if len(values) != 1 or not isinstance(values[0], int):
        raise InvalidCursor
    return values[0]


ROUTES = [list_notices]
