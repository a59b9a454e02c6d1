"""The OpenAPI document of the gateway: its own routes and, under /api, those of the upstream services.

The upstreams' documents lie beside this file as `<service>.json`; a test compares them with what the services print.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from litestar.types import ControllerRouterHandler
from opsdash_http.openapi import USER_SCHEME, openapi_document, operations
from opsdash_http.openapi.schemas import Schema, tidy
from opsdash_tenancy.openapi import TENANT_ANSWERS

from opsdash_gateway.rest.openapi.composed_inbox import describe_composed_inbox
from opsdash_gateway.rest.openapi.entities import describe_entities
from opsdash_gateway.rest.openapi.examples import give_examples
from opsdash_gateway.rest.openapi.itself import describe_itself
from opsdash_gateway.rest.openapi.limits import describe_limits
from opsdash_gateway.rest.openapi.live import PATH as LIVE_PATH
from opsdash_gateway.rest.openapi.live import describe_stream
from opsdash_gateway.rest.openapi.shared import share_schemas
from opsdash_gateway.rest.openapi.ticket_composition import describe_composed_ticket
from opsdash_gateway.rest.openapi.ticket_list import describe_narrowed_search

TITLE = "OpsDash Support"
VERSION = "1"
UPSTREAMS = ("tickets", "comments", "notifications")
DESCRIPTION = """\
A helpdesk for every OpsDash workspace. Users send an OIDC access token as `Authorization: Bearer`.
Errors are RFC 9457 problems with a stable `type`. Unknown fields and parameters are refused; answers may have new
fields, and new values of enumerations, at any time. `HEAD` is answered wherever `GET` is, but for the cron route, with
the same status and headers; `OPTIONS` of every path names its methods in `Allow`."""

Document = Schema


def upstream_document(service: str) -> Document:
    """The committed document of an upstream service."""
    document: Document = json.loads(files(__package__).joinpath(f"{service}.json").read_bytes())
    return document


def build_document(route_handlers: Sequence[ControllerRouterHandler], **options: Any) -> Document:
    """Everything a client can call."""
    document = openapi_document(TITLE, VERSION, route_handlers, domain=TENANT_ANSWERS, **options)
    document["info"]["description"] = DESCRIPTION
    document["servers"] = [{"url": "/"}]
    document["components"]["securitySchemes"]["workspace"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The service token of the workspace feed",
    }
    document["components"]["securitySchemes"]["cron"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The secret of the cron job",
    }
    describe_entities(document)
    for service in UPSTREAMS:
        merge(document, upstream_document(service))
    share_schemas(document)
    describe_composed_ticket(document)
    describe_composed_inbox(document)
    describe_narrowed_search(document)
    if LIVE_PATH in document["paths"]:
        describe_stream(document)
    describe_itself(document)
    describe_limits(document)
    give_examples(document)
    return tidy(document)


def merge(document: Document, upstream: Document) -> None:
    """Add an upstream's routes under /api. Raises ValueError when two schemas share a name but differ."""
    for operation in operations(upstream):
        operation.setdefault("security", [{USER_SCHEME: []}])
    for path, item in upstream["paths"].items():
        _add(document["paths"], f"/api{path}", item)
    for name, schema in upstream.get("components", {}).get("schemas", {}).items():
        _add(document["components"]["schemas"], name, schema)


def _add(target: Document, name: str, value: Any) -> None:
    if target.setdefault(name, value) != value:
        raise ValueError(f"{name} means two different things in the merged document")
