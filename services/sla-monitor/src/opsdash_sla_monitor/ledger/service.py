"""The ledger of a ticket: why it is due when it is, who was told, and why nobody was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from opsdash_chassis.database.pools import Connection

from opsdash_sla_monitor.deadlines import repository as deadlines
from opsdash_sla_monitor.deadlines.events import NOTICE_RULES
from opsdash_sla_monitor.deadlines.model import Step
from opsdash_sla_monitor.deliveries import repository as deliveries
from opsdash_sla_monitor.deliveries.model import NoticeReport
from opsdash_sla_monitor.ledger import repository
from opsdash_sla_monitor.ledger.model import Happening, TicketLedger, Upcoming
from opsdash_sla_monitor.ledger.repository import PublishedEvent, UntoldNotice

LONGEST_LEDGER = 500
SUPPORT_NOT_IN_PLATE = "support_not_in_plan"
ALREADY_NOTIFIED = "already_notified"
_KINDS = {Step.WARNING: "warned", Step.BREACH: "breached"}


async def ledger(connection: Connection, org_id: UUID, ticket_id: UUID) -> TicketLedger:
    """What was published, and what was not told, in the order it happened."""
    await repository.open_tenant(connection, org_id)
    rows = await repository.published(connection, org_id, ticket_id, limit=LONGEST_LEDGER)
    reports = await deliveries.by_source_event(connection, org_id, ticket_id)
    entries = [_published(row, json.loads(row.data), reports.get(row.event_id, ())) for row in rows]
    for row in await repository.untold(connection, org_id, ticket_id):
        entries += _untold(row)
    entries.sort(key=lambda entry: entry.at)  # stable: events of one moment stay in their order
    deadline = await deadlines.read(connection, org_id, ticket_id)
    upcoming = None
    if deadline is not None and deadline.next_step is not None and deadline.next_at is not None:
        upcoming = Upcoming(step=deadline.next_step, at=deadline.next_at)
    return TicketLedger(entries=entries, next=upcoming)


def _published(row: PublishedEvent, data: dict[str, Any], reports: Sequence[NoticeReport]) -> Happening:
    """A published event as the ledger tells it."""
    kind = row.event_type.removeprefix("sla.")
    notice = "confirmed" in data
    return Happening(
        at=row.occurred_at,
        kind="warned" if kind == "warning" else kind,
        due_at=_moment(data["due_at"]),
        previous_due_at=_moment(data["previous_due_at"]) if data.get("previous_due_at") else None,
        rule=data["rule"],
        actor_id=row.actor_id,
        notified=True if notice else data.get("notified"),
        reason=data.get("reason"),
        confirmed=data.get("confirmed"),
        lateness_ms=data.get("lateness_ms"),
        event_id=row.event_id,
        deliveries=reports,
    )


def _untold(row: UntoldNotice) -> Iterator[Happening]:
    step = Step(row.kind)
    reasons: list[tuple[datetime | None, str]] = [
        (row.withheld_at, SUPPORT_NOT_IN_PLATE),
        (row.again_at, ALREADY_NOTIFIED),
    ]
    for at, reason in reasons:
        if at is not None:
            yield Happening(
                at=at,
                kind=_KINDS[step],
                due_at=row.due_at,
                rule=NOTICE_RULES[step],
                notified=False,
                reason=reason,
            )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
