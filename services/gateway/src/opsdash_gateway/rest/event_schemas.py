"""The events' description: the AsyncAPI document and the JSON Schemas under the addresses that are their ids."""

from __future__ import annotations

import re
from functools import cache

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath
from opsdash_contracts import asyncapi
from opsdash_contracts.registry import event_types
from opsdash_contracts.schemas import schema_of
from opsdash_http.errors.problems import not_found
from opsdash_http.security.authentication import PUBLIC

from opsdash_gateway.rest.openapi.itself import (
    EVENT_TYPE,
    EVENTS_JSON_PATH,
    EVENTS_JSON_TYPE,
    EVENTS_YAML_PATH,
    EVENTS_YAML_TYPE,
)
from opsdash_gateway.rest.openapi_routes import as_yaml

_FILE = re.compile(r"v([1-9][0-9]{0,3})\.json", re.ASCII)


@get(EVENTS_JSON_PATH, sync_to_thread=True)
def as_json_document() -> Response[bytes]:
    return Response(_json(), media_type=EVENTS_JSON_TYPE)


@get(EVENTS_YAML_PATH, sync_to_thread=True)
def as_yaml_document() -> Response[bytes]:
    return Response(_yaml(), media_type=EVENTS_YAML_TYPE)


@get("/schema/events/{event_type:str}/{file:str}")
async def one_schema(event_type: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    found = _FILE.fullmatch(file)
    if not found or int(found[1]) not in event_types().get(event_type, ()):
        raise not_found()
    return Response(_schema(event_type, int(found[1])), media_type=EVENT_TYPE)


def event_schemas_router() -> Router:
    """The routes; each document is made when it is first asked for."""
    return Router(
        "/",
        route_handlers=[as_json_document, as_yaml_document, one_schema],
        opt={"authentication": PUBLIC},
        include_in_schema=False,
    )


@cache
def _json() -> bytes:
    return msgspec.json.encode(asyncapi.document())


@cache
def _yaml() -> bytes:
    return as_yaml(asyncapi.document())


@cache
def _schema(event_type: str, version: int) -> bytes:
    return msgspec.json.encode(schema_of(event_type, version))
