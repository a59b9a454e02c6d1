"""Traces: a W3C traceparent goes from a request through the outbox to the event's consumer.

Spans are made only where they are exported; elsewhere the ids are kept and passed on as they came, without tracestate.
Source: W3C Trace Context, level 1.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from typing import Protocol, Self

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, Tracer, TracerProvider, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_INTERNAL_ERROR = 500
_tracer: Tracer | None = None
_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


class ActiveTrace(AbstractContextManager["ActiveTrace"], Protocol):
    """The trace of one request or event, current inside the block."""

    trace_id: str

    def describe(self, method: str, route: str, status: int) -> None:
        """What a request turned out to be, for whoever records it."""


def export_spans(provider: TracerProvider) -> None:
    """From now on, for this process."""
    global _tracer  # noqa: PLW0603 - a process has one, as it has one set of metrics
    _tracer = provider.get_tracer("opsdash_chassis")


def serving(method: str, headers: Mapping[str, str], *, continues: bool) -> ActiveTrace:
    """Of one request. Without `continues` it starts a trace of its own, with a link to the one its caller names."""
    if _tracer is None:
        return _Ids(_read(headers) if continues else None)
    context, links = _PROPAGATOR.extract(headers), list[Link]()
    if not continues:
        context, links = Context(), _links(context)
    return _Span(_tracer.start_span(method, context=context, kind=SpanKind.SERVER, links=links), context)


def consuming(topic: str, headers: Iterable[tuple[str, bytes]]) -> ActiveTrace:
    """Of one event's handler, a child of what the event came from."""
    traceparent = next((value for name, value in headers if name == "traceparent"), b"")
    carrier = {"traceparent": traceparent.decode("ascii", "replace")}
    if _tracer is None:
        return _Ids(_read(carrier))
    context = _PROPAGATOR.extract(carrier)
    attributes = {"messaging.system": "kafka", "messaging.destination.name": topic}
    span = _tracer.start_span(f"{topic} process", context=context, kind=SpanKind.CONSUMER, attributes=attributes)
    return _Span(span, context)


def current_traceparent() -> str | None:
    """For what is stored or sent now; None outside of requests and events."""
    headers: dict[str, str] = {}
    inject(headers)
    return headers.get("traceparent")


def inject(headers: dict[str, str]) -> None:
    """Add the current trace to the headers of a request to another service."""
    if _tracer is not None:
        _PROPAGATOR.inject(headers)
    elif traceparent := _traceparent.get():
        headers["traceparent"] = traceparent


class _Ids:
    """A trace of which nothing is recorded here."""

    __slots__ = ("_token", "_traceparent", "trace_id")
    _token: Token[str | None]

    def __init__(self, traceparent: str | None) -> None:
        """Without one a trace begins, as one that nobody has chosen to record."""
        self._traceparent = traceparent or f"00-{_random(128):032x}-{_random(64):016x}-00"
        self.trace_id = self._traceparent[3:35]

    def __enter__(self) -> Self:
        self._token = _traceparent.set(self._traceparent)
        return self

    def __exit__(self, *_: object) -> None:
        _traceparent.reset(self._token)

    def describe(self, method: str, route: str, status: int) -> None:
        """Nobody reads it."""


class _Span:
    """A span, which ends with the block; an error that leaves the block is noted.

    Not start_as_current_span: what it does for exceptions costs as much as the span, each time.
    """

    def __init__(self, span: trace.Span, context: Context) -> None:
        self._span, self._context = span, context
        self.trace_id = format_trace_id(span.get_span_context().trace_id)

    def __enter__(self) -> Self:
        self._attached = contexts.attach(trace.set_span_in_context(self._span, self._context))
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self._span.record_exception(error)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()
        contexts.detach(self._attached)

    def describe(self, method: str, route: str, status: int) -> None:
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )
        if status >= _INTERNAL_ERROR:
            self._span.set_status(Status(StatusCode.ERROR))


def _read(headers: Mapping[str, str]) -> str | None:
    """A valid traceparent, as version 00 writes it."""
    found = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    if not found or (found["more"] and found["version"] == "00"):
        return None
    return f"00-{found['trace']}-{found['span']}-{found['flags']}"


def _random(bits: int) -> int:
    """Never 0, which is no id."""
    return random.getrandbits(bits) or 1


def _links(context: Context) -> list[Link]:
    named = trace.get_current_span(context).get_span_context()
    return [Link(named)] if named.is_valid else []
