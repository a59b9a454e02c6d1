"""A ticket's ledger, of what the tickets service and the SLA monitor answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from opsdash_contracts.sla import SlaRule

from opsdash_gateway.sla.schemas import Body, SlaLedger, SlaLedgerEntry, SlaNextStep, SlaNow, SlaPerson
from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.sla_monitor_client import MonitorClient


class _Context(Body, kw_only=True):
    """The tickets service's answer: the caller may see this ticket."""

    org_id: UUID
    ticket_id: UUID
    number: int
    priority: str
    sla: SlaNow
    people: list[SlaPerson]
    as_of: datetime


class _Entry(msgspec.Struct, kw_only=True):
    """The monitor's entry; it knows actors by id only."""

    at: datetime
    kind: str
    due_at: datetime
    previous_due_at: datetime | None
    rule: SlaRule
    actor_id: UUID | None
    notified: bool | None
    reason: str | None
    confirmed: bool | None
    lateness_ms: int | None
    event_id: UUID | None


class _Ledger(msgspec.Struct, kw_only=True):
    entries: list[_Entry]
    next: SlaNextStep | None


async def with_entries(answer: Answer, monitor: MonitorClient) -> SlaLedger:
    """The ledger of the ticket that the upstream let the caller see."""
    context = msgspec.json.decode(answer.body, type=_Context)
    ledger = msgspec.json.decode(await monitor.ledger(context.org_id, context.ticket_id), type=_Ledger)
    return _compose(context, ledger)


def _compose(context: _Context, ledger: _Ledger) -> SlaLedger:
    people = {person.id: person for person in context.people}
    entries = []
    for entry in ledger.entries:
        values = msgspec.structs.asdict(entry)
        actor_id = values.pop("actor_id")
        unknown = SlaPerson(id=actor_id, name="Unknown", active=False) if actor_id else None
        entries.append(SlaLedgerEntry(**values, actor=people.get(actor_id, unknown)))
    return SlaLedger(
        ticket_id=context.ticket_id,
        number=context.number,
        priority=context.priority,
        sla=context.sla,
        next=ledger.next,
        entries=entries,
        as_of=context.as_of,
    )
