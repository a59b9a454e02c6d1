"""The ledger of a ticket: why it is due when it is, who was told, and why nobody was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection, Record

from opsdash_sla_monitor import repository
from opsdash_sla_monitor.model import Step
from opsdash_sla_monitor.published import NOTICE_RULES
from opsdash_sla_monitor.schemas import Ledger, LedgerEntry, NextStep, from_event

LONGEST_LEDGER = 500
SUPPORT_NOT_IN_PLAN = "support_not_in_plan"
ALREADY_NOTIFIED = "already_notified"
_KINDS = {Step.WARNING: "warned", Step.BREACH: "breached"}


async def ledger(connection: Connection, org_id: UUID, ticket_id: UUID) -> Ledger:
    """What was published, and what was not told, in the order it happened."""
    await repository.enter_org(connection, org_id)
    rows = await repository.published(connection, org_id, ticket_id, limit=LONGEST_LEDGER)
    entries = [from_event(row, json.loads(row["data"])) for row in rows]
    for row in await repository.untold(connection, org_id, ticket_id):
        entries += _untold(row)
    entries.sort(key=lambda entry: entry.at)  # stable: events of one moment stay in their order
    deadline = await repository.read(connection, org_id, ticket_id)
    upcoming = None
    if deadline is not None and deadline.next_step is not None and deadline.next_at is not None:
        upcoming = NextStep(step=deadline.next_step, at=deadline.next_at)
    return Ledger(entries=entries, next=upcoming)


def _untold(row: Record) -> Iterator[LedgerEntry]:
    step = Step(row["kind"])
    reasons: list[tuple[datetime | None, str]] = [
        (row["withheld_at"], SUPPORT_NOT_IN_PLAN),
        (row["again_at"], ALREADY_NOTIFIED),
    ]
    for at, reason in reasons:
        if at is not None:
            yield LedgerEntry(
                at=at,
                kind=_KINDS[step],
                due_at=row["due_at"],
                rule=NOTICE_RULES[step],
                notified=False,
                reason=reason,
            )
