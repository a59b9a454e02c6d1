"""Records what became of notices, and publishes it through the outbox of the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Channel, Reason, Why
from opsdash_contracts.topics import NOTICES

from opsdash_notifications.ledger import metrics, repository
from opsdash_notifications.ledger.events import event_id, event_type, notice_event
from opsdash_notifications.ledger.model import Outcome, Source, Waiting


async def new_outcomes(work: UnitOfWork, source: Source, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those that are not recorded; the inbox of events forgets after some days, the history does not."""
    ids = {event_id(source, outcome): outcome for outcome in outcomes}
    known = await repository.known(work.connection, source.org_id, list(ids))
    return [outcome for identity, outcome in ids.items() if identity not in known]


async def record_each(work: UnitOfWork, outcomes: Sequence[tuple[Source, Outcome]]) -> None:
    """Each with a source of its own. The org's counter is taken first, then those of tickets in the order of their ids:
    so no two transactions wait for each other.
    """
    for source, outcome in sorted(outcomes, key=lambda pair: (pair[0].ticket_id is not None, pair[0].subject_id)):
        await record(work, source, [outcome])


async def record_waiting(
    work: UnitOfWork,
    org_id: UUID,
    recipient: UUID,
    channel: Channel,
    outcomes: Iterable[tuple[Waiting, Why | None, bool]],
) -> None:
    """What became of notices of one person or team channel that waited, each with why not and whether it failed."""
    await record_each(
        work,
        [
            (
                Source(org_id, notice.source_event_id, notice.source_at, notice.ticket_id, notice.number),
                Outcome(recipient, channel, Reason(notice.reason), why, failed),
            )
            for notice, why, failed in outcomes
        ],
    )


async def record(work: UnitOfWork, source: Source, outcomes: Sequence[Outcome]) -> None:
    """Each of them must be new. They take the next numbers of their ticket, or of the org."""
    if not outcomes:
        return
    first = await repository.take_numbers(work.connection, source.org_id, source.subject_id, len(outcomes))
    events = [
        notice_event(source, outcome, sequence=number, now=work.now) for number, outcome in enumerate(outcomes, first)
    ]
    await work.append_events(events, topic=NOTICES)
    for outcome in outcomes:
        metrics.NOTICES.labels(event_type(outcome), outcome.reason, outcome.channel).inc()
