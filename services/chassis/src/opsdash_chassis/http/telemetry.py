"""One span, one metric sample and the trace id for each request, seen from outside the framework.

Own middleware instead of the framework's plugins: those run inside the route, so they miss 404, 405 and
refused requests, need opentelemetry-instrumentation-asgi, and label by raw path unless told otherwise.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.propagate import extract, set_global_textmap
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Histogram
from structlog.contextvars import bind_contextvars

from opsdash_chassis.http.asgi import App, Message, Receive, Scope, Send
from opsdash_chassis.tracing import within

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUEST_SECONDS = Histogram(
    "opsdash_http_request_seconds", "Time to answer a request", ["method", "route", "status"], buckets=BUCKETS
)
UNMATCHED = "unmatched"
#: Set in a request's state when its answer lasts as long as the client likes: then the time to its start counts.
OPEN_ENDED = "open_ended"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_tracer = trace.get_tracer("opsdash_chassis.http")


def configure_tracing(*, service: str, otlp_endpoint: str | None) -> TracerProvider:
    """Without an endpoint nothing is recorded, but trace ids are still made and passed on; nobody's baggage is."""
    set_global_textmap(TraceContextTextMapPropagator())
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=ParentBased(ALWAYS_ON) if otlp_endpoint else ALWAYS_OFF,
    )
    if otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - heavy, seldom used
            OTLPSpanExporter,
        )

        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider


class _Carrier:
    """Reads trace headers straight from the ASGI header list."""

    def get(self, carrier: Scope, key: str) -> list[str] | None:
        wanted = key.lower().encode()
        values = [value.decode("latin-1") for name, value in carrier["headers"] if name == wanted]
        return values or None

    def keys(self, carrier: Scope) -> list[str]:
        return [name.decode("latin-1") for name, _ in carrier["headers"]]


_GETTER: Any = _Carrier()


class Telemetry:
    """ASGI middleware outside everything else.

    Without `continues_traces` each request starts a trace of its own, with a link to the one its caller names: a
    stranger chooses neither our trace ids nor what is recorded.
    """

    def __init__(self, app: App, *, continues_traces: bool = True) -> None:
        self._app = app
        self._continues_traces = continues_traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, answered = 500, 0.0

        async def observed(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter()
            await send(message)

        started = time.perf_counter()
        context, links = extract(scope, getter=_GETTER), list[Link]()
        if not self._continues_traces:
            context, links = Context(), _links(context)
        span = _tracer.start_span(scope["method"], context=context, kind=SpanKind.SERVER, links=links)
        trace_id = _trace_id(span)
        scope.setdefault("state", {})["trace_id"] = trace_id
        bind_contextvars(trace_id=trace_id)  # the server runs each request in a context of its own: nothing to undo
        with within(span, context):  # an answer that breaks off has told of success: the span tells of the error
            try:
                await self._app(scope, receive, observed)
            finally:
                ended = answered if OPEN_ENDED in scope["state"] else time.perf_counter()
                _record(scope, span, status, ended - started)


def _links(context: Context) -> list[Link]:
    named = trace.get_current_span(context).get_span_context()
    return [Link(named)] if named.is_valid else []


def _trace_id(span: trace.Span) -> str:
    context = span.get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else uuid4().hex


def _record(scope: Scope, span: trace.Span, status: int, seconds: float) -> None:
    """The route template is the label: a raw path would make a series for every id."""
    route = scope.get("path_template") or UNMATCHED
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUEST_SECONDS.labels(method, route, str(status)).observe(seconds)
    if span.is_recording():
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
        if status >= 500:  # noqa: PLR2004 - server errors
            span.set_status(Status(StatusCode.ERROR))
