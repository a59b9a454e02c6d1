"""Routes of tickets: each handler opens the work, calls one use case and answers."""

from __future__ import annotations

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.openapi.answers import ETAG, LOCATION
from opsdash_http.requests.conditional import IdempotencyKey, IfMatch, expected_versions
from opsdash_markdown import Rendered
from opsdash_tenancy.open_tenant import TenantReader
from opsdash_tenancy.references import id_or_number

from opsdash_tickets.access.policy import Access, Action
from opsdash_tickets.access.scope import RequestScope
from opsdash_tickets.errors import NotFound
from opsdash_tickets.names.model import Names
from opsdash_tickets.tickets import bulk, create, repository, service
from opsdash_tickets.tickets.responses import bulk_result, detail_answer, detail_response
from opsdash_tickets.tickets.rows import DetailedTicket, named_by
from opsdash_tickets.tickets.schemas import BulkChange, BulkResult, CreateTicket, PatchTicket, TicketDetail


@post("/", operation_id="createTicket", response_headers=[ETAG, LOCATION])
async def create_ticket(
    data: JSONBody[CreateTicket], org: NamedDependency[RequestScope], idempotency_key: IdempotencyKey = None
) -> Response[TicketDetail]:
    """Create a ticket; its SLA due time comes from the priority unless one is given."""
    rendered = await org.render(data.description)

    async def act(work: UnitOfWork, access: Access) -> Response[TicketDetail]:
        row = await create.create_ticket(work, access, data.to_new_ticket(rendered))
        names = await org.names_in(work, named_by([row], row.updated_by))
        return await detail_response(row, names, access, work.now, status=201, located=True)

    return await org.write(Action.WRITE, act, key=idempotency_key)


@get("/{reference:str}", operation_id="getTicket", response_headers=[ETAG])
async def get_ticket(reference: FromPath[str], org: NamedDependency[RequestScope]) -> Response[TicketDetail]:
    """One ticket, by id or by number."""
    wanted = id_or_number(reference)

    async def find(reader: TenantReader) -> tuple[DetailedTicket, Names] | None:
        row = await repository.detail_with_tenant(reader, wanted)
        return None if row is None else (row, await org.names_with(reader, named_by([row], row.updated_by)))

    reading = await org.read(Action.READ, find)
    if reading.found is None:
        raise NotFound
    return await detail_response(*reading.found, reading.access, reading.now)


@patch("/{reference:str}", operation_id="patchTicket", response_headers=[ETAG])
async def patch_ticket(
    reference: FromPath[str],
    data: JSONBody[PatchTicket],
    org: NamedDependency[RequestScope],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[TicketDetail]:
    """Change fields; what changes nothing keeps the version and sends no event."""
    rendered = await _rendered(org, data)

    async def act(work: UnitOfWork, access: Access) -> Response[TicketDetail]:
        ticket = await service.change_ticket(
            work,
            access,
            id_or_number(reference),
            data.to_fields(),
            rendered=rendered,
            if_match=expected_versions(if_match),
        )
        return await detail_answer(org, work, access, ticket.id)

    return await org.write(Action.WRITE, act, key=idempotency_key)


async def _rendered(org: RequestScope, patch: PatchTicket) -> Rendered | None:
    description = patch.new_description
    return None if description is None else await org.render(description)


@delete("/{reference:str}", operation_id="deleteTicket")
async def delete_ticket(
    reference: FromPath[str],
    org: NamedDependency[RequestScope],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[None]:
    """Take the ticket out of every list; it can be restored for 30 days."""

    async def act(work: UnitOfWork, access: Access) -> Response[None]:
        await service.delete_ticket(work, access, id_or_number(reference), if_match=expected_versions(if_match))
        return Response(None, status_code=204)

    return await org.write(Action.DELETE, act, key=idempotency_key)


@post("/{reference:str}/restore", operation_id="restoreTicket", status_code=200, response_headers=[ETAG])
async def restore_ticket(
    reference: FromPath[str], org: NamedDependency[RequestScope], idempotency_key: IdempotencyKey = None
) -> Response[TicketDetail]:
    """Bring a deleted ticket back within 30 days; the plan must have room."""

    async def act(work: UnitOfWork, access: Access) -> Response[TicketDetail]:
        ticket = await service.restore_ticket(work, access, id_or_number(reference))
        return await detail_answer(org, work, access, ticket.id)

    return await org.write(Action.DELETE, act, key=idempotency_key)


@post("/bulk", operation_id="changeTicketsInBulk", status_code=200)
async def change_in_bulk(
    data: JSONBody[BulkChange], org: NamedDependency[RequestScope], idempotency_key: IdempotencyKey = None
) -> Response[BulkResult]:
    """Apply one patch to up to 100 tickets; each succeeds or fails on its own."""
    rendered = await _rendered(org, data.patch)

    async def act(work: UnitOfWork, access: Access) -> Response[BulkResult]:
        done = await bulk.change_many(work, access, data.ids, data.patch.to_fields(), rendered)
        return Response(bulk_result(done))

    return await org.write(Action.WRITE, act, key=idempotency_key)


ROUTES = [create_ticket, change_in_bulk, get_ticket, patch_ticket, delete_ticket, restore_ticket]
