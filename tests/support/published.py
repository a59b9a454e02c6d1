"""What the services publish about themselves: the OpenAPI documents, and the operations in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from litestar.types import ControllerRouterHandler
from opsdash_chassis.http.openapi import METHODS
from opsdash_chassis.http.security.internal import ServiceToken
from opsdash_gateway.live.routes import follow_events
from opsdash_gateway.rest.openapi import Document, build_document
from opsdash_gateway.sla.cron_secret import CronSecret
from opsdash_gateway.sla.routes import cron_router, get_sla_ledger
from opsdash_gateway.workspace.routes import workspace_router

from tests.support.stack import CRON_SECRET, WORKSPACE_TOKEN

_REFERENCE = "#/components/"
_INJECTED = dict.fromkeys(("upstreams", "monitor", "session", "publisher", "hub"))


def published_document() -> Document:
    """What the gateway serves at /schema/openapi.json, without a gateway."""
    own: list[ControllerRouterHandler] = [
        workspace_router(ServiceToken(WORKSPACE_TOKEN)),
        get_sla_ledger,
        follow_events,
        cron_router(CronSecret(CRON_SECRET)),
    ]
    return build_document(own, dependencies=_INJECTED)


def operations(document: Document) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Method, path and description of each."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def resolved(schema: Any, document: Document) -> Any:
    """The same with every reference replaced by what it leads to."""
    if isinstance(schema, list):
        return [resolved(part, document) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        kind, name = schema["$ref"].removeprefix(_REFERENCE).split("/")
        return resolved(document["components"][kind][name], document)
    return {name: resolved(part, document) for name, part in schema.items()}


def closed(document: Document) -> Document:
    """The same for tests: what is answered today has no member that is not described."""
    copy = deepcopy(document)
    for schema in copy["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return copy
