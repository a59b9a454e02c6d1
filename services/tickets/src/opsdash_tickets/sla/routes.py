"""Due times over HTTP: recompute for people, questions of the SLA monitor for the monitor."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.tickets import Outcome, Priority, SlaSource, Status
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT
from opsdash_http.openapi.answers import ETAG
from opsdash_http.requests.conditional import IdempotencyKey, IfMatch, expected_versions
from opsdash_http.security.authentication import Services
from opsdash_tenancy.references import id_or_number

from opsdash_tickets.access.policy import Access, Action
from opsdash_tickets.access.scope import RequestScope
from opsdash_tickets.names.model import NameIds
from opsdash_tickets.sla import repository, service
from opsdash_tickets.sla.schemas import (
    ConfirmRequest,
    Recomputed,
    SlaContext,
    SlaFields,
    Supported,
    SupportedRequest,
    TicketSla,
    Verdicts,
)
from opsdash_tickets.tickets import due_times
from opsdash_tickets.tickets import service as tickets_service
from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.rows import DetailedTicket

DryRun = Annotated[bool, QueryParameter(description="Only tell what would change")]


@post("/{reference:str}/sla/recompute", operation_id="recomputeSla", status_code=200, response_headers=[ETAG])
async def recompute_sla(
    reference: FromPath[str],
    org: NamedDependency[RequestScope],
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Recomputed]:
    """Set the due time to what the present priority gives, counted from creation; it may lie in the past."""

    async def act(work: UnitOfWork, access: Access) -> Response[Recomputed]:
        before, after = await service.recompute_due(
            work, access, id_or_number(reference), dry_run=dry_run, if_match=expected_versions(if_match)
        )
        version = before.version if dry_run else after.version
        body = Recomputed(
            dry_run=dry_run,
            changed=service.differs(before, after),
            before=_fields(before, work.now),
            after=_fields(after, work.now),
            version=version,
        )
        return Response(body, headers={"ETag": f'"{version}"'})

    return await org.write(Action.WRITE, act, key=idempotency_key)


@get("/{reference:str}/sla", include_in_schema=False)
async def sla_context(reference: FromPath[str], org: NamedDependency[RequestScope]) -> SlaContext:
    """For the gateway, which adds the monitor's ledger: which ticket this is, if the caller may see it."""
    async with org.transaction(Action.READ) as (work, access):
        ticket = await tickets_service.ticket_detail(work, access, id_or_number(reference))
        actors = await repository.actors(work.connection, access.org_id, ticket.id)
        names = await org.names_in(work, NameIds(people={*actors}))
    return SlaContext(
        org_id=access.org_id,
        ticket_id=ticket.id,
        number=ticket.number,
        priority=Priority(ticket.priority),
        sla=_fields(ticket, work.now),
        people=[person for actor in sorted(actors) if (person := names.people[actor])],
        as_of=work.now,
    )


@post("/confirm", status_code=200)
async def confirm(data: JSONBody[ConfirmRequest], database: NamedDependency[Database]) -> Verdicts:
    """Which of these are still open with that due time, and overdue by this service's database clock."""
    pairs = [(pair.org_id, pair.ticket_id, pair.due_at) for pair in data.pairs]
    async with database.worker_transaction() as connection:
        return Verdicts(verdicts=await repository.confirm(connection, pairs, plates=PLATES_WITH_SUPPORT))


@post("/supported", status_code=200)
async def supported(data: JSONBody[SupportedRequest], database: NamedDependency[Database]) -> Supported:
    """Which of these orgs have support."""
    async with database.worker_transaction() as connection:
        return Supported(org_ids=await repository.supported(connection, data.org_ids, plates=PLATES_WITH_SUPPORT))


@get("/orgs/{org_id:uuid}/tickets/{ticket_id:uuid}")
async def ticket_state(
    org_id: FromPath[UUID], ticket_id: FromPath[UUID], database: NamedDependency[Database]
) -> TicketSla | None:
    """A ticket's newest version; null when there never was one."""
    async with database.worker_transaction() as connection:
        state = await repository.state(connection, org_id, ticket_id)
    return msgspec.convert(state, TicketSla | None, from_attributes=True)


def _fields(ticket: Ticket | DetailedTicket, now: datetime) -> SlaFields:
    """The same for a ticket of the domain and for a row of the repository's view."""
    source, outcome = ticket.sla_source, ticket.sla_outcome
    state = due_times.sla_state(
        status=Status(ticket.status),
        due=ticket.sla_due_at,
        outcome=None if outcome is None else Outcome(outcome),
        created_at=ticket.created_at,
        finished_at=ticket.resolved_at,
        now=now,
    )
    return SlaFields(
        sla_due_at=ticket.sla_due_at, sla_source=None if source is None else SlaSource(source), sla_state=state
    )


TICKET_ROUTES = [recompute_sla, sla_context]
INTERNAL = Router(
    "/internal/sla",
    route_handlers=[confirm, supported, ticket_state],
    opt={"authentication": Services(("sla-monitor",))},
    include_in_schema=False,
)
