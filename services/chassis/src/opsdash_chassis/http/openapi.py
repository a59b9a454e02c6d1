"""The OpenAPI document of some routes, with what the framework leaves out: strict answers, problem bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

from opsdash_chassis.http.problems import EXTENSIONS, MEDIA_TYPE

USER_SCHEME = "user"
Document = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
_TEXT = {
    400: "The request is not valid; `errors` says where",
    401: "No valid access token",
    403: "Role or plan does not allow it",
    404: "Not there, or not visible",
    409: "In conflict with the present state",
    412: "Changed in the meantime (If-Match)",
    413: "Body too large",
    415: "Not a JSON body",
    422: "Idempotency-Key used for another request",
    429: "Too many requests",
    500: "Our mistake",
    503: "Temporarily unavailable; see Retry-After",
}
_ALWAYS = (400, 401, 403, 404, 500, 503)
_WITH_BODY = (409, 413, 415)
#: What sending a header can lead to.
_WITH_HEADER = {"If-Match": (412,), "Idempotency-Key": (409, 422)}


def openapi_document(
    title: str,
    version: str,
    route_handlers: Sequence[ControllerRouterHandler],
    dependencies: Iterable[str] = (),
) -> Document:
    """Describe the routes without starting anything; of dependencies only the names are needed."""
    user = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT", description="OIDC access token")
    app = Litestar(
        route_handlers=route_handlers,
        dependencies={name: Provide(_nothing(), sync_to_thread=False) for name in ("caller", *dependencies)},
        logging_config=None,  # the default one would replace the process's own logging
        openapi_config=OpenAPIConfig(
            title=title,
            version=version,
            use_handler_docstrings=True,
            components=Components(security_schemes={USER_SCHEME: user}),
            security=[{USER_SCHEME: []}],
        ),
    )
    document = app.openapi_schema.to_schema()
    return complete(document)


def _nothing() -> Callable[[], None]:
    """A new function each time: the framework refuses one function under two names."""
    return lambda: None


def complete(document: Document) -> Document:
    """Close every object schema and describe the problems of every operation."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for schema in schemas.values():
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    schemas["Problem"], schemas["FieldError"] = PROBLEM_SCHEMA, FIELD_ERROR_SCHEMA
    for operation in operations(document):
        statuses = [*_ALWAYS, *(_WITH_BODY if "requestBody" in operation else ())]
        for parameter in operation.get("parameters", []):
            statuses += _WITH_HEADER.get(parameter["name"], ())
        answers = {code: answer for code, answer in operation["responses"].items() if code.startswith("2")}
        answers.get("204", {}).pop("content", None)  # nothing is nothing, also not JSON
        declared = [int(code) for code in operation["responses"] if code[0] in "45" and code.isdigit()]
        answers |= {str(status): problem_response(status) for status in sorted({*statuses, *declared})}
        operation["responses"] = answers
    return document


def operations(document: Document) -> Iterable[dict[str, Any]]:
    """Every operation object of a document."""
    for path in document.get("paths", {}).values():
        yield from (path[method] for method in METHODS if method in path)


def problem_response(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _TEXT.get(status, "Problem"), "content": {MEDIA_TYPE: {"schema": schema}}}


FIELD_ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["pointer", "code", "message"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer into the body, or /query/..., /path/..."},
        "code": {"type": "string"},
        "message": {"type": "string"},
    },
}
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem",
    "additionalProperties": False,
    "required": ["type", "title", "status", "detail", "instance", "errors", "trace_id"],
    "properties": {
        "type": {"type": "string", "description": "/problems/<code>: stable"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "trace_id": {"type": "string"},
        **{name: {} for name in EXTENSIONS},
    },
}
