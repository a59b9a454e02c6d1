"""The services by name, and the published API of the gateway: operations, and each place that takes input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler
from opsdash_chassis.service.runtime import Runtime
from opsdash_chassis.settings import PREFIX, DatabaseSettings, KafkaSettings, ServiceSettings
from opsdash_gateway.console.auth.session import SIGNED_IN, SIGNING_OUT
from opsdash_gateway.live.routes import follow_events
from opsdash_gateway.rest.openapi import Document, build_document
from opsdash_gateway.sla.cron_secret import CronSecret
from opsdash_gateway.sla.routes import cron_router, get_sla_ledger
from opsdash_gateway.workspace.routes import workspace_router
from opsdash_http.openapi import METHODS
from opsdash_http.requests.requests import JSON_MEDIA_TYPES, MAXIMUM_BODY_BYTES
from opsdash_http.security.authentication import PUBLIC, USER
from opsdash_http.security.internal import ServiceToken
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.gateway.app import build_app
from opsdash_local.services import BACKENDS, SERVICES, ServiceSpec

from tests.support.stack import CRON_SECRET, WORKSPACE_TOKEN


def settings_in(environment: Mapping[str, str]) -> dict[str, str]:
    """For `Settings(**settings_in(environment))`."""
    return {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}


NAMES = [service.name for service in SERVICES]
#: Those with a database, consumers and a relay.
WITH_DATABASE = [service.name for service in BACKENDS]


def spec_of(service: str) -> ServiceSpec:
    (found,) = (one for one in SERVICES if one.name == service)
    return found


def settings_of(service: str) -> type[ServiceSettings]:
    """The one class of settings in the service's `settings.py`."""
    module = import_module(f"{spec_of(service).module}.settings")
    bases = (ServiceSettings, KafkaSettings, DatabaseSettings)
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value not in bases
    )
    return found


def local_settings_of(service: str) -> type[ServiceSettings]:
    """Those of what the local stack starts in its place: the gateway with the development issuer."""
    return LocalGatewaySettings if service == "gateway" else settings_of(service)


def revision_of(service: str) -> str:
    """The schema revision that the service needs."""
    return str(import_module(f"{spec_of(service).module}.settings").REVISION)


def runtime_of(service: str, **settings: Any) -> Runtime:
    """Not started. Addresses of other services lead nowhere unless they are given."""
    model = settings_of(service)
    elsewhere = dict.fromkeys(getattr(model, "service_urls", ()), "http://127.0.0.1:1")
    runtime: Runtime = import_module(f"{spec_of(service).module}.app").build_runtime(model(**(elsewhere | settings)))
    return runtime


def tables_of(service: str) -> sa.MetaData:
    """The tables as the service describes them in code."""
    from tests.architecture.sources import describes_tables, modules

    (found,) = (module for module in modules(spec_of(service).module) if describes_tables(module))
    metadata: sa.MetaData = vars(found.load())["metadata"]
    return metadata


def tenant_tables_of(service: str) -> set[str]:
    """Names of the tables with rows of orgs."""
    return {table.name for table in tables_of(service).tables.values() if "org_id" in table.columns}


_REFERENCE = "#/components/"
_INJECTED = dict.fromkeys(("upstreams", "monitor", "people", "session", "publisher", "hub"))


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


FEED, CRON = "feed", "cron"
WHO = (USER, SIGNED_IN, SIGNING_OUT, PUBLIC, FEED, CRON)
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Place:
    """One method of one route. `statuses` and `body` are empty where nothing is published: pages, and what is local."""

    method: str
    path: str
    who: str
    media_types: tuple[str, ...]
    most_bytes: int
    parameters: tuple[str, ...]
    body: Mapping[str, Any]
    statuses: frozenset[int]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def takes(self, media_type: str) -> bool:
        return self.method in WITH_BODY and media_type in self.media_types


def gateway_settings(environment: Mapping[str, str]) -> LocalGatewaySettings:
    """Those that a gateway with this environment has."""
    return LocalGatewaySettings(**settings_in(environment))  # type: ignore[arg-type]


def places(settings: LocalGatewaySettings) -> list[Place]:
    """All of them, each once, in the order of their paths."""
    document = published_document()
    described = {(method, path): operation for method, path, operation in operations(document)}
    found = {
        (method, route.path_format): handler
        for route in build_app(settings).litestar.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method not in {"OPTIONS", "HEAD"}
    }
    if unserved := described.keys() - found.keys():
        raise AssertionError(f"published, but not served: {unserved}")
    return [_place(*key, found[key], described.get(key, {}), document) for key in sorted(found, key=lambda key: key[1])]


def _place(
    method: str, path: str, handler: HTTPRouteHandler, operation: Mapping[str, Any], document: Document
) -> Place:
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return Place(
        method,
        path,
        _who(handler.opt.get("authentication", USER)),
        tuple(handler.opt.get("media_types", JSON_MEDIA_TYPES)),
        handler.opt.get("max_body_bytes", MAXIMUM_BODY_BYTES),
        tuple(parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"),
        resolved(schema, document),
        frozenset(int(code) for code in operation.get("responses", {})),
    )


def _who(rule: object) -> str:
    if isinstance(rule, ServiceToken):
        return CRON if isinstance(rule, CronSecret) else FEED
    if rule not in WHO:
        raise AssertionError(f"nobody knows who may call a route of {rule}")
    return str(rule)


def query_names(found: list[Place]) -> tuple[str, ...]:
    """Whatever a route of the API takes; pages take any name, and pass some of these on."""
    return tuple(dict.fromkeys(name for place in found for name in place.parameters))


def long_texts(place: Place) -> Iterator[tuple[str, ...]]:
    """Where Markdown goes in the body of a place, as the names on the way to it."""
    for path, schema in string_fields(place.body):
        if path[-1] in {"description", "body"} and "enum" not in schema:
            yield path


def string_fields(schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Free texts of an object and of the objects in it."""
    for name, field in schema.get("properties", {}).items():
        for choice in [field, *field.get("oneOf", []), *field.get("anyOf", [])]:
            if choice.get("type") == "string" and not {"enum", "format"} & choice.keys():
                yield (*above, name), choice
            yield from string_fields(choice, (*above, name))
