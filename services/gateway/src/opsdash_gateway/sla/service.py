"""A ticket's ledger, of what the tickets service and the SLA monitor answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec
from opsdash_contracts.notices import Channel, Reason, Why
from opsdash_contracts.sla import SlaRule

from opsdash_gateway.sla.schemas import (
    Body,
    NoticeState,
    SlaDelivery,
    SlaLedger,
    SlaLedgerEntry,
    SlaNextStep,
    SlaNow,
    SlaPerson,
)
from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.people_client import PeopleClient
from opsdash_gateway.upstream.sla_monitor_client import MonitorClient

#: Names of team channels by their ids; empty while they are not known.
ChannelNames: TypeAlias = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, str]]]


class _Context(Body, kw_only=True):
    """The tickets service's answer: the caller may see this ticket."""

    org_id: UUID
    ticket_id: UUID
    number: int
    priority: str
    sla: SlaNow
    people: list[SlaPerson]
    as_of: datetime


class _NoticeReport(msgspec.Struct, kw_only=True):
    """What became of a notice; the monitor knows people by id only."""

    recipient_id: UUID | None
    channel_id: UUID | None
    channel: Channel
    reason: Reason
    state: NoticeState
    at: datetime
    why: Why | None


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
    deliveries: list[_NoticeReport] = msgspec.field(default_factory=list)


class _Ledger(msgspec.Struct, kw_only=True):
    entries: list[_Entry]
    next: SlaNextStep | None


async def with_entries(
    answer: Answer, monitor: MonitorClient, people: PeopleClient, channel_names: ChannelNames | None = None
) -> SlaLedger:
    """The ledger of the ticket that the upstream let the caller see; channels have names where somebody knows them."""
    context = msgspec.json.decode(answer.body, type=_Context)
    ledger = msgspec.json.decode(await monitor.ledger(context.org_id, context.ticket_id), type=_Ledger)
    known = {person.id: person for person in context.people}
    told = {report.recipient_id for entry in ledger.entries for report in entry.deliveries}
    for person in await people.named(context.org_id, [id_ for id_ in told - known.keys() if id_ is not None]):
        known[person.id] = SlaPerson(id=person.id, name=person.name, active=person.active)
    channels = {report.channel_id for entry in ledger.entries for report in entry.deliveries} - {None}
    names = await channel_names([id_ for id_ in channels if id_ is not None]) if channel_names and channels else {}
    return _compose(context, ledger, known, names)


def _compose(
    context: _Context, ledger: _Ledger, known: Mapping[UUID, SlaPerson], channels: Mapping[UUID, str]
) -> SlaLedger:
    return SlaLedger(
        ticket_id=context.ticket_id,
        number=context.number,
        priority=context.priority,
        sla=context.sla,
        next=ledger.next,
        entries=[_entry(entry, known, channels) for entry in ledger.entries],
        as_of=context.as_of,
    )


def _entry(entry: _Entry, known: Mapping[UUID, SlaPerson], channels: Mapping[UUID, str]) -> SlaLedgerEntry:
    values = msgspec.structs.asdict(entry)
    actor = _person(values.pop("actor_id"), known)
    deliveries = [_reported(report, known, channels) for report in values.pop("deliveries")]
    return SlaLedgerEntry(**values, actor=actor, deliveries=deliveries)


def _reported(report: _NoticeReport, known: Mapping[UUID, SlaPerson], channels: Mapping[UUID, str]) -> SlaDelivery:
    values = msgspec.structs.asdict(report)
    recipient = _person(values.pop("recipient_id"), known)
    name = None if report.channel_id is None else channels.get(report.channel_id)
    return SlaDelivery(**values, recipient=recipient, channel_name=name)


def _person(person_id: UUID | None, known: Mapping[UUID, SlaPerson]) -> SlaPerson | None:
    if person_id is None:
        return None
    return known.get(person_id) or SlaPerson(id=person_id, name="Unknown", active=False)
