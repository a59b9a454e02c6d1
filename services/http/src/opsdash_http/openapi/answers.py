"""Describes what every operation answers besides its own success: headers, and problems with an example of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from litestar.datastructures import ResponseHeader

from opsdash_http.errors import problems
from opsdash_http.errors.problems import EXTENSIONS, MEDIA_TYPE, FieldError, Problem
from opsdash_http.openapi.schemas import Schema
from opsdash_http.requests.addresses import misdirected
from opsdash_http.requests.request_limits import headers_too_large
from opsdash_http.requests.requests import MAXIMUM_BODY_BYTES, request_timeout

Part = Schema


@dataclass(frozen=True)
class DomainAnswers:
    """What problems say of the application's domain: why something is not allowed, where, and with which members."""

    forbidden: Problem = field(default_factory=lambda: problems.from_status(403))
    forbidden_text: str = "Not allowed"
    instance: str = "/"
    extensions: Mapping[str, Part] = field(default_factory=dict)


NO_DOMAIN: Final = DomainAnswers()
#: For `response_headers` of a handler whose answer has them.
ETAG = ResponseHeader(
    name="ETag", description="The version, in quotes; for `If-Match`", required=True, documentation_only=True
)
LOCATION = ResponseHeader(name="Location", description="Where it is", required=True, documentation_only=True)
RETRY_AFTER = "Retry-After"
_REQUEST_ID, _REPLAYED = "X-Request-Id", "Idempotency-Replayed"
_HEADERS: Final[dict[str, Part]] = {
    _REQUEST_ID: {
        "description": "Names this request in our logs; the `trace_id` of a problem",
        "required": True,
        "schema": {"type": "string"},
    },
    RETRY_AFTER: {"description": "Seconds to wait before the next try", "schema": {"type": "integer"}},
    _REPLAYED: {
        "description": "`true`: the first answer to this Idempotency-Key again",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Allow": {"description": "The methods that this path takes", "required": True, "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "RFC 6750", "required": True, "schema": {"type": "string"}},
}
_ALWAYS = (400, 401, 403, 404, 405, 414, 421, 429, 431, 500, 502, 503)
#: Of those, what a route for anybody does not answer.
_TO_CALLERS = {401, 403, 404, 502, 503}
_WITH_BODY = (408, 409, 413, 415)
#: What sending a header can lead to.
_WITH_HEADER = {"If-Match": (412,), "Idempotency-Key": (409, 422)}
_EXAMPLES: Final = (
    ("NotValid", problems.validation([FieldError("/title", "blank", "must have a visible character")])),
    ("Unauthenticated", problems.unauthenticated()),
    ("NotFound", problems.not_found()),
    ("MethodNotAllowed", problems.from_status(405)),
    ("TooSlow", request_timeout()),
    ("InConflict", problems.still_running()),
    ("StaleVersion", problems.precondition_failed(4)),
    ("BodyTooLarge", problems.too_large(MAXIMUM_BODY_BYTES)),
    ("AddressTooLong", Problem("address-too-long", "Address too long", 414)),
    ("UnsupportedMediaType", problems.unsupported_media_type("The body must be application/json.")),
    ("Misdirected", misdirected()),
    ("IdempotencyKeyReused", problems.idempotency_key_reused()),
    ("TooManyRequests", problems.too_many_requests(1)),
    ("HeadersTooLarge", headers_too_large()),
    ("InternalError", problems.internal_error()),
    ("BadUpstream", Problem("bad-upstream", "Bad gateway", 502, "A service behind this one gave no usable answer.")),
    ("Unavailable", problems.unavailable("A service behind this one does not answer.")),
)
_FORBIDDEN: Final = "Forbidden"
_NAMES: Final = {403: _FORBIDDEN, **{problem.status: name for name, problem in _EXAMPLES}}
_TEXT: Final = {
    400: "The request is not valid; `errors` says where",
    401: "No valid access token",
    404: "Not there, or not visible",
    405: "Not by this method; `Allow` says which there are",
    408: "The body did not arrive in time",
    409: "In conflict with the present state",
    412: "Changed in the meantime (If-Match)",
    413: "Body too large",
    414: "Path or query too long",
    415: "Another Content-Type than the body may have",
    421: "The Host is none of this server's names",
    422: "Idempotency-Key used for another request",
    429: "Too many requests",
    431: "Too many or too large headers",
    500: "Our mistake",
    502: "A service behind this one gave no usable answer",
    503: "Temporarily unavailable",
}
_OF_PROBLEM: Final = {401: "WWW-Authenticate", 405: "Allow", 409: RETRY_AFTER, 429: RETRY_AFTER, 503: RETRY_AFTER}


def add_components(document: Part, domain: DomainAnswers) -> None:
    """Put in what the answers of all operations share."""
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(Problem=_problem(domain), FieldError=_field_error())
    components["headers"] = dict(_HEADERS)
    examples = sorted((*_EXAMPLES, (_FORBIDDEN, domain.forbidden)), key=lambda example: example[1].status)
    components["responses"] = {
        name: _response(problem, _TEXT.get(problem.status, domain.forbidden_text), domain.instance)
        for name, problem in examples
    }


def describe(operation: Part) -> None:
    """Name the problems and the headers of one operation."""
    sent = {parameter["name"] for parameter in operation.get("parameters", ())}
    statuses = {*_ALWAYS, *(_WITH_BODY if "requestBody" in operation else ())}
    statuses -= _TO_CALLERS if operation.get("security") == [] else set()
    statuses |= {status for header, all_of in _WITH_HEADER.items() if header in sent for status in all_of}
    success = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    for status, answer in success.items():
        _complete(answer, status, may_be_replayed="Idempotency-Key" in sent)
    problems_by_status = {
        str(status): {"$ref": f"#/components/responses/{_NAMES[status]}"} for status in sorted(statuses)
    }
    operation["responses"] = success | problems_by_status


def header(name: str) -> Part:
    """A reference to a header of the components, as a member of `headers`."""
    return {name: {"$ref": f"#/components/headers/{name}"}}


def _complete(answer: Part, status: str, *, may_be_replayed: bool) -> None:
    if status == "204":
        answer.pop("content", None)  # nothing is nothing, also not JSON
    for content in answer.get("content", {}).values():
        content["schema"] = content["schema"] or {"type": "string"}  # a text, such as CSV
    own = answer.setdefault("headers", {})
    for described in own.values():
        described.setdefault("schema", {"type": "string"})
    own |= header(_REQUEST_ID) | (header(_REPLAYED) if may_be_replayed else {})


def _response(problem: Problem, description: str, instance: str) -> Part:
    example = json.loads(problems.body_of(problem, instance, "8bd35e1cd15502aeaa6b48acb868996f"))
    headers = header(_REQUEST_ID)
    if problem.status in _OF_PROBLEM:
        headers |= header(_OF_PROBLEM[problem.status])
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    return {"description": description, "headers": headers, "content": content}


def _field_error() -> Part:
    return {
        "type": "object",
        "description": "One wrong value",
        "required": ["pointer", "code", "message"],
        "properties": {
            "pointer": {"type": "string", "description": "JSON pointer into the body, or /query/..., /path/..."},
            "code": {"type": "string"},
            "message": {"type": "string"},
        },
    }


def _problem(domain: DomainAnswers) -> Part:
    return {
        "type": "object",
        "description": "RFC 9457 problem",
        "required": ["type", "title", "status", "detail", "instance", "errors", "trace_id"],
        "properties": {
            "type": {"type": "string", "description": "/problems/<code>: stable"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
            "trace_id": {"type": "string"},
            **{name: dict(schema) for name, schema in {**EXTENSIONS, **domain.extensions}.items()},
        },
    }
