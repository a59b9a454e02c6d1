"""Which channels hear of an event: each that wants to has one message, which leaves by itself."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Channel, Reason, Why

from opsdash_notifications.ledger import service as ledger
from opsdash_notifications.ledger.model import Outcome, Source, is_too_old
from opsdash_notifications.team_channels import messages_repository, repository
from opsdash_notifications.team_channels.model import Listener, TicketKind, reason_for
from opsdash_notifications.tickets import repository as tickets


async def announce(work: UnitOfWork, source: Source, reasons: Sequence[Reason], actor_id: UUID | None) -> list[Outcome]:
    """Once for each event and channel, however often the event comes. What comes too late is to be recorded only: the
    caller does it, after all that it locks.
    """
    listeners = await repository.listening(work.connection, source.org_id, list(reasons))
    if not listeners:
        return []
    ticket = await _ticket(work, source, listeners)
    found = [(each.id, reason) for each in listeners if (reason := reason_for(each, reasons, ticket)) is not None]
    new = await _new(work, source, [_outcome(*pair) for pair in found])
    late = [outcome for outcome in new if is_too_old(outcome.reason, source.at, work.now)]
    leaving = [(each.recipient, each.notice_id(source), each.reason) for each in new if each not in late]
    if leaving:
        await messages_repository.add(work.connection, source, actor_id, work.now, leaving)
    return [_outcome(each.recipient, each.reason, Why.TOO_OLD) for each in late]


async def _ticket(work: UnitOfWork, source: Source, listeners: Sequence[Listener]) -> TicketKind | None:
    if source.ticket_id is None:
        return None
    if not any(listener.has_filter for listener in listeners):
        return TicketKind()
    known = await tickets.read(work.connection, source.org_id, source.ticket_id)
    return TicketKind() if known is None else TicketKind(known.priority, known.category)


async def _new(work: UnitOfWork, source: Source, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those of which nothing has become yet: neither sent, nor failed, nor left out."""
    ends = [
        end
        for each in outcomes
        for end in (
            each,
            _outcome(each.recipient, each.reason, Why.UNREACHABLE, failed=True),
            _outcome(each.recipient, each.reason, Why.TURNED_OFF),
        )
    ]
    open_ends = await ledger.new_outcomes(work, source, ends)
    counts = {each.recipient: sum(end.recipient == each.recipient for end in open_ends) for each in outcomes}
    return [each for each in outcomes if counts[each.recipient] == len(ends) // len(outcomes)]


def _outcome(channel_id: UUID, reason: Reason, why: Why | None = None, *, failed: bool = False) -> Outcome:
    return Outcome(channel_id, Channel.TEAM, reason, why, failed)
