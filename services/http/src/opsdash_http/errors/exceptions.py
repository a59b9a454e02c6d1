"""Which exception becomes which problem; services may add their own mappings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
import structlog
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.types import ExceptionHandlersMap
from opsdash_chassis.errors import KeyReused, StillRunning, Unavailable

from opsdash_http.asgi import Scope
from opsdash_http.errors.head import with_head
from opsdash_http.errors.problems import (
    MEDIA_TYPE,
    FieldError,
    Problem,
    body_of,
    from_status,
    idempotency_key_reused,
    instance_of,
    internal_error,
    still_running,
    trace_id_of,
    unavailable,
    validation,
)
from opsdash_http.errors.validation import escape, field_error
from opsdash_http.types import HttpRequest

log = structlog.get_logger(__name__)

#: Turns an exception of a service's own into a problem.
ProblemFactory = Callable[[Any], Problem]
#: Counts a request that no route took; raises the 429 problem when there are too many.
CountUnmatched = Callable[[HttpRequest], None]
Mappings = Mapping[type[Exception], ProblemFactory]

_MISSING_PARAMETER = re.compile(r"^Missing required (?P<source>\w+) parameter '(?P<name>[^']+)'")


def respond(request: HttpRequest, problem: Problem) -> Response[bytes]:
    """The response for a problem."""
    scope = cast("Scope", request.scope)
    body = body_of(problem, instance_of(scope), trace_id_of(scope))
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=problem.headers)


def _from_unavailable(error: Unavailable) -> Problem:
    return unavailable(error.detail, error.retry_after_seconds, code=error.code)


def _from_litestar(error: HTTPException) -> Problem:
    problem = from_status(error.status_code)
    problem.headers |= {name.title(): value for name, value in (error.headers or {}).items()}
    if "Allow" in problem.headers:
        problem.headers["Allow"] = with_head(problem.headers["Allow"])
    return problem


def _from_parameters(error: ValidationException) -> Problem:
    """A query, path or header value that does not fit the handler's declaration."""
    if found := _MISSING_PARAMETER.match(error.detail):
        pointer = f"/{found['source']}/{escape(found['name'])}"
        return validation([FieldError(pointer, "required", "This parameter is required.")])
    return validation([_parameter_error(item) for item in error.extra or [] if isinstance(item, dict)])


def _parameter_error(item: dict[str, Any]) -> FieldError:
    source = str(getattr(source := item.get("source", "query"), "value", source))
    base = "" if source == "body" else f"/{source}"
    key = str(item.get("key", ""))
    return field_error(str(item.get("message", "")), f"{base}/{escape(key)}" if key else base)


def _unhandled(request: HttpRequest, error: Exception) -> Response[bytes]:
    log.error("unhandled_error", exc_info=error)
    return respond(request, internal_error())


def _handler(factory: ProblemFactory) -> Callable[[HttpRequest, Any], Response[bytes]]:
    def handle(request: HttpRequest, error: Any) -> Response[bytes]:
        problem = factory(error)
        if problem.status >= 500:  # noqa: PLR2004 - every server error is worth a line
            log.warning("server_problem", code=problem.code, reason=repr(error.__cause__ or error))
        return respond(request, problem)

    return handle


def _unmatched(count: CountUnmatched) -> Callable[[HttpRequest, HTTPException], Response[bytes]]:
    def handle(request: HttpRequest, error: HTTPException) -> Response[bytes]:
        try:
            count(request)
        except Problem as problem:
            return respond(request, problem)
        return respond(request, _from_litestar(error))

    return handle


def exception_handlers(
    mappings: Mappings | None = None, *, count_unmatched: CountUnmatched = lambda _: None
) -> ExceptionHandlersMap:
    """The handlers of an application: ours, then what the service adds in `mappings`."""
    factories: dict[type[Exception], ProblemFactory] = {
        Problem: lambda problem: problem,
        HTTPException: _from_litestar,
        ValidationException: _from_parameters,
        msgspec.ValidationError: lambda error: validation([field_error(str(error))]),
        Unavailable: _from_unavailable,
        KeyReused: lambda _: idempotency_key_reused(),
        StillRunning: lambda _: still_running(),
        **(mappings or {}),
    }
    handlers: ExceptionHandlersMap = {kind: _handler(factory) for kind, factory in factories.items()}
    handlers[NotFoundException] = handlers[MethodNotAllowedException] = _unmatched(count_unmatched)
    handlers[Exception] = _unhandled
    return handlers
