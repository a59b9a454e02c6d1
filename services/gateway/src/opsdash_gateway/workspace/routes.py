"""The sync feed: OpsDash tells its orgs, members, contacts, companies and projects; the last version wins."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, delete, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from opsdash_http.security.internal import ServiceToken
from opsdash_http.types import HttpRequest

from opsdash_gateway.publishing.publisher import BATCH_DEADLINE_SECONDS, Publisher
from opsdash_gateway.workspace.batches import MAXIMUM_BYTES, read_batch
from opsdash_gateway.workspace.entities import MAXIMUM_VERSION, kind_of, put_event, remove_event

BATCH_OPT = {"media_types": ("application/x-ndjson",), "max_body_bytes": MAXIMUM_BYTES}

Version = Annotated[int, QueryParameter(ge=1, le=MAXIMUM_VERSION)]


class Accepted(msgspec.Struct, forbid_unknown_fields=True):
    """The broker has it. The same request again gives the same id and changes nothing."""

    event_id: UUID


class BatchAccepted(msgspec.Struct, forbid_unknown_fields=True):
    """The broker has all lines."""

    accepted: int


@put("/{kind:str}/{entity_id:uuid}", status_code=202, operation_id="putWorkspaceEntity")
async def put_entity(
    kind: FromPath[str],
    entity_id: FromPath[UUID],
    data: JSONBody[dict[str, Any]],
    publisher: NamedDependency[Publisher],
) -> Accepted:
    """Say the full state of one entity: org, member, contact, company or project."""
    event = put_event(kind_of(kind), entity_id, data)
    await publisher.publish([event])
    return Accepted(event.envelope.id)


@delete("/{kind:str}/{entity_id:uuid}", status_code=202, operation_id="deleteWorkspaceEntity")
async def delete_entity(
    kind: FromPath[str],
    entity_id: FromPath[UUID],
    version: Version,
    publisher: NamedDependency[Publisher],
    org_id: Annotated[UUID | None, QueryParameter(description="The entity's org; not needed for an org")] = None,
) -> Accepted:
    """Say that an entity is gone; `version` is above every version it had."""
    event = remove_event(kind_of(kind), entity_id, org_id, version)
    await publisher.publish([event])
    return Accepted(event.envelope.id)


@post("/batch", status_code=202, operation_id="postWorkspaceBatch", opt=BATCH_OPT)
async def batch(request: HttpRequest, publisher: NamedDependency[Publisher]) -> BatchAccepted:
    """Many entities, one JSON object a line (application/x-ndjson): all are checked before any is published."""
    events = await read_batch(await request.body())
    await publisher.publish(events, BATCH_DEADLINE_SECONDS)
    return BatchAccepted(len(events))


def workspace_router(token: ServiceToken) -> Router:
    """The routes; only the holder of the workspace token may use them, users never."""
    return Router(
        "/api/workspace",
        route_handlers=[put_entity, delete_entity, batch],
        opt={"authentication": token},
        tags=["workspace"],
        security=[{"workspace": []}],
    )
