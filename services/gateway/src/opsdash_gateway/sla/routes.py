"""What the gateway adds about due times: a ticket's ledger, and the route a cron job calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, route
from litestar.di import NamedDependency
from litestar.exceptions import TooManyRequestsException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from opsdash_chassis.http.errors.head import NOT_FOR_HEAD
from opsdash_contracts.sla import SlaRule

from opsdash_gateway.sla.cron_job import CRON_PATH
from opsdash_gateway.sla.cron_secret import CronSecret
from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.client import Owners
from opsdash_gateway.upstream.paths import owner_path
from opsdash_gateway.upstream.responses import as_whole
from opsdash_gateway.upstream.sla_monitor_client import MonitorClient

LEDGER_PATH = "/orgs/{slug}/tickets/{reference}/sla"


class _Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies."""


class SlaPerson(_Body, kw_only=True):
    """Who changed the ticket; they may have left since."""

    id: UUID
    name: str
    active: bool


class SlaNow(_Body, kw_only=True):
    """Where the ticket stands against its due time."""

    sla_due_at: datetime | None
    sla_source: str | None
    sla_state: str


class SlaLedgerEntry(_Body, kw_only=True):
    """One thing that happened to the due time, by which rule and by whom (null: the system).

    `kind`: scheduled, rescheduled, cancelled, warned, breached, met, missed. `notified` true: an event was published
    (`event_id`), by which whoever follows them can tell people; it does not say that somebody was told. It is null
    where there was none to publish; when it is false, `reason` says why: support_not_in_plan, already_notified or
    changed_before_noticed.
    """

    at: datetime
    kind: str
    due_at: datetime
    previous_due_at: datetime | None
    rule: SlaRule
    actor: SlaPerson | None
    notified: bool | None
    reason: str | None
    confirmed: bool | None
    lateness_ms: int | None
    event_id: UUID | None


class SlaNextStep(_Body, kw_only=True):
    """What the monitor waits for: `warning` or `breach`."""

    step: str
    at: datetime


class SlaLedger(_Body, kw_only=True):
    """Answers "why is this due then, and was an event published about it, or why not?"; entries oldest first."""

    ticket_id: UUID
    number: int
    priority: str
    sla: SlaNow
    next: SlaNextStep | None
    entries: list[SlaLedgerEntry]
    as_of: datetime


class SweepResult(_Body, kw_only=True):
    """What one sweep did; numbers only. `notified` breaches had their event published, for the first time; lateness
    is theirs.
    """

    checked: int
    breached: int
    notified: int
    already_notified: int
    lateness_ms_max: int
    took_ms: int


class _Context(_Body, kw_only=True):
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


@get("/api/orgs/{slug:str}/tickets/{reference:str}/sla", operation_id="getSlaLedger", tags=["tickets"])
async def get_sla_ledger(
    request: Request[Any, Any, Any],
    slug: FromPath[str],
    reference: FromPath[str],
    owners: NamedDependency[Owners],
    monitor: NamedDependency[MonitorClient],
) -> Response[SlaLedger]:
    """Everything that happened to the ticket's due time."""
    path = owner_path(LEDGER_PATH, {"slug": slug, "reference": reference})
    answer = await owners.tickets.forward("GET", path, headers=request.headers)
    if answer.status != 200:  # noqa: PLR2004 - the owner decides who may see what
        return as_whole(answer)
    return Response(await with_entries(answer, monitor))


async def with_entries(answer: Answer, monitor: MonitorClient) -> SlaLedger:
    """The ledger of the ticket that the owner let the caller see."""
    context = msgspec.json.decode(answer.body, type=_Context)
    ledger = msgspec.json.decode(await monitor.ledger(context.org_id, context.ticket_id), type=_Ledger)
    return _composed(context, ledger)


@route(
    CRON_PATH,
    http_method=["GET", "POST"],
    status_code=200,
    operation_id=lambda _, method, __: f"runSlaSweepBy{method.title()}",
    tags=["cron"],
    raises=[TooManyRequestsException],
)
async def run_sla_sweep(monitor: NamedDependency[MonitorClient]) -> Response[SweepResult]:
    """Tell every breach that is due and was not told; safe at any rate and in parallel. Cookies count for nothing."""
    result = msgspec.json.decode(await monitor.sweep(), type=SweepResult)
    return Response(result, headers={"Cache-Control": "no-store"})


def cron_router(secret: CronSecret) -> Router:
    """The route; only the holder of the cron secret may use it, users never. What stands in the query is ignored."""
    handlers: list[HTTPRouteHandler] = [run_sla_sweep]
    return Router(
        "/",
        route_handlers=handlers,
        opt={"authentication": secret, "query_parameters": None, **NOT_FOR_HEAD},
        security=[{"cron": []}],
    )


def _composed(context: _Context, ledger: _Ledger) -> SlaLedger:
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
