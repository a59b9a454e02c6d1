"""The plate's cap: slots are taken under the lock of the org's counter row, and crossings are told once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.topics import TICKETS
from opsdash_contracts.workspace import PLATE_CAPS, Plate

from opsdash_tickets.access.policy import Access
from opsdash_tickets.errors import PlateLimitReached
from opsdash_tickets.plate_usage import metrics, model, repository
from opsdash_tickets.plate_usage.events import usage_notice
from opsdash_tickets.plate_usage.model import Counters


async def take_slot(work: UnitOfWork, access: Access, *, new_number: bool = False) -> Counters:
    """Count one more living ticket and, for a new one, take the next number.

    Raises PlateLimitReached; the transaction must then roll back, for it has counted already.
    """
    taken = await repository.take_slot(work.connection, access.org_id, numbers=int(new_number))
    used, limit = taken.living_tickets - 1, PLATE_CAPS[access.plate]
    if used >= limit:
        metrics.CAP_REFUSALS.labels(access.plate).inc()
        raise PlateLimitReached(access.plate, limit=limit, used=used)
    notices = model.crossed_notices(used, used + 1, old_cap=limit, new_cap=limit)
    if not notices:
        return taken
    return await _save_and_notify(work, access.org_id, access.plate, taken, notices)


async def free_slot(work: UnitOfWork, org_id: UUID) -> None:
    """Count one living ticket less."""
    counters = await repository.lock_counters(work.connection, org_id)
    await repository.save_counters(
        work.connection, org_id, replace(counters, living_tickets=counters.living_tickets - 1)
    )


async def plate_changed(work: UnitOfWork, org_id: UUID, *, before: Plate, after: Plate) -> None:
    """A smaller plate may be full at once: that is a crossing too."""
    counters = await repository.lock_counters(work.connection, org_id)
    used = counters.living_tickets
    notices = model.crossed_notices(used, used, old_cap=PLATE_CAPS[before], new_cap=PLATE_CAPS[after])
    await _save_and_notify(work, org_id, after, counters, notices)


async def _save_and_notify(
    work: UnitOfWork, org_id: UUID, plate: Plate, counters: Counters, percents: list[int]
) -> Counters:
    notified = replace(counters, usage_notices=counters.usage_notices + len(percents))
    await repository.save_counters(work.connection, org_id, notified)
    notices = [
        usage_notice(
            org_id,
            plate=plate,
            percent=percent,
            used=counters.living_tickets,
            sequence=counters.usage_notices + offset,
            now=work.now,
        )
        for offset, percent in enumerate(percents, start=1)
    ]
    await work.append_events(notices, topic=TICKETS)
    return notified
