"""Problems: every answer that is not a success, as RFC 9457 `application/problem+json` with a stable code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec

from opsdash_http.asgi import Scope, Send

MEDIA_TYPE = "application/problem+json"
#: Where a request's state holds what the gateway puts in front of this service's paths.
PUBLIC_PREFIX = "public_prefix"
#: What a problem of any application may have besides the standard members, with the schemas of its OpenAPI document.
EXTENSIONS: Mapping[str, Mapping[str, Any]] = {
    "current_version": {"type": "integer"},
    "allowed": {"type": "array", "items": {"type": "string"}},
    "limit": {"type": "integer"},
    "used": {"type": "integer"},
}


class FieldError(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One wrong value: a JSON pointer (RFC 6901) into the body, or /query/<name>, /path/<name>."""

    pointer: str
    code: str
    message: str


class Problem(Exception):
    """An answer other than success. `code` is part of the API: clients branch on it, so it never changes."""

    def __init__(
        self,
        code: str,
        title: str,
        status: int,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.title = title
        self.status = status
        self.detail = detail or title
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extensions = extensions


def not_found() -> Problem:
    """One body for unknown, foreign and hidden objects alike: nobody learns which it was."""
    return Problem("not-found", "Not found", 404, "There is nothing here that you may see.")


def unauthenticated() -> Problem:
    """One body for every missing or bad token, so that it says nothing about what was wrong."""
    return Problem(
        "unauthenticated",
        "Authentication required",
        401,
        "A valid bearer access token is required.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def forbidden(code: str, detail: str, **extensions: Any) -> Problem:
    return Problem(code, "Not allowed", 403, detail, **extensions)


def bad_request(code: str, detail: str, errors: Iterable[FieldError] = ()) -> Problem:
    return Problem(code, "Bad request", 400, detail, errors=errors)


def validation(errors: Iterable[FieldError]) -> Problem:
    return bad_request("validation", "Some values are not valid; see errors.", errors)


def conflict(code: str, detail: str, **extensions: Any) -> Problem:
    return Problem(code, "Conflict", 409, detail, **extensions)


def precondition_failed(current_version: int) -> Problem:
    detail = "The object was changed by someone else in the meantime."
    return Problem("stale-version", "Precondition failed", 412, detail, current_version=current_version)


def too_large(limit_bytes: int) -> Problem:
    return Problem("body-too-large", "Body too large", 413, f"The body may have {limit_bytes} bytes at most.")


def unsupported_media_type(detail: str) -> Problem:
    return Problem("unsupported-media-type", "Unsupported media type", 415, detail)


def idempotency_key_reused() -> Problem:
    detail = "This Idempotency-Key was used for another request before."
    return Problem("idempotency-key-reused", "Idempotency-Key reused", 422, detail)


def still_running(retry_after_seconds: int = 1) -> Problem:
    detail = "The first request with this Idempotency-Key is still running."
    headers = {"Retry-After": str(retry_after_seconds)}
    return Problem("still-running", "Conflict", 409, detail, headers=headers)


def too_many_requests(retry_after_seconds: int) -> Problem:
    headers = {"Retry-After": str(retry_after_seconds)}
    return Problem("too-many-requests", "Too many requests", 429, "Slow down, then try again.", headers=headers)


def unavailable(detail: str, retry_after_seconds: int = 1, *, code: str = "unavailable") -> Problem:
    headers = {"Retry-After": str(max(1, retry_after_seconds))}
    return Problem(code, "Temporarily unavailable", 503, detail, headers=headers)


def internal_error() -> Problem:
    return Problem("internal", "Internal error", 500, "Something failed on our side; quote the trace id.")


def from_status(status: int) -> Problem:
    """The problem for a bare status, as frameworks raise it; framework texts are never shown."""
    if status == HTTPStatus.NOT_FOUND:
        return not_found()
    if status == HTTPStatus.UNAUTHORIZED:
        return unauthenticated()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return internal_error()
    phrase = HTTPStatus(status).phrase
    return Problem(phrase.lower().replace(" ", "-"), phrase.capitalize(), status)


def trace_id_of(scope: Scope) -> str:
    """The trace id of a request; made up here when no tracing middleware ran before."""
    state: dict[str, Any] = scope.setdefault("state", {})
    if "trace_id" not in state:
        state["trace_id"] = uuid4().hex
    trace_id: str = state["trace_id"]
    return trace_id


def body_of(problem: Problem, instance: str, trace_id: str) -> bytes:
    """The JSON document of a problem."""
    return msgspec.json.encode(
        {
            "type": f"/problems/{problem.code}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
            "instance": instance,
            "errors": problem.errors,
            "trace_id": trace_id,
            **problem.extensions,
        }
    )


def instance_of(scope: Scope) -> str:
    """The path as the client sent it: percent-encoded ASCII, without the query, which may hold private text."""
    raw: bytes = scope.get("raw_path") or b""
    prefix: str = scope.get("state", {}).get(PUBLIC_PREFIX, "")
    return prefix + raw.split(b"?")[0][:500].decode("ascii", "replace") or "/"


async def send_problem(problem: Problem, scope: Scope, send: Send) -> None:
    """Answer on the ASGI level, for code that runs outside the framework."""
    body = body_of(problem, instance_of(scope), trace_id_of(scope))
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), **problem.headers}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
