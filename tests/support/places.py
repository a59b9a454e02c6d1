"""Every place of the gateway where somebody can send something: found from the application and what it publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from opsdash_chassis.http.requests.requests import JSON_MEDIA_TYPES, MAXIMUM_BODY_BYTES
from opsdash_chassis.http.security.authentication import PUBLIC, USER
from opsdash_chassis.http.security.internal import ServiceToken
from opsdash_gateway.console.auth.session import SIGNED_IN, SIGNING_OUT
from opsdash_gateway.rest.openapi import Document
from opsdash_gateway.sla.cron_secret import CronSecret
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.gateway.app import build_app

from tests.support.published import operations, published_document, resolved
from tests.support.settings import settings_in

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


def settings_of(environment: Mapping[str, str]) -> LocalGatewaySettings:
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
