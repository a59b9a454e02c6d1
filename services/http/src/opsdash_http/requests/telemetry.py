"""One span, one metric sample and the trace id for each request, seen from outside the framework.

Own middleware instead of the framework's plugins: those run inside the route, so they miss 404, 405 and
refused requests, need opentelemetry-instrumentation-asgi, and label by raw path unless told otherwise.
"""

from __future__ import annotations

import time
from functools import lru_cache

from opsdash_chassis.observability import tracing
from prometheus_client import Histogram
from structlog.contextvars import bind_contextvars

from opsdash_http.asgi import App, Message, Receive, Scope, Send

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUEST_SECONDS = Histogram(
    "opsdash_http_request_seconds", "Time to answer a request", ["method", "route", "status"], buckets=BUCKETS
)
UNMATCHED = "unmatched"
#: Set in a request's state when its answer lasts as long as the client likes: then the time to its start counts.
OPEN_ENDED = "open_ended"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TRACE_HEADERS = {b"traceparent": "traceparent", b"tracestate": "tracestate"}


def configure_tracing(*, service: str, otlp_endpoint: str | None) -> None:
    """Without an endpoint nothing is recorded, but trace ids are still made and passed on; nobody's baggage is."""
    if not otlp_endpoint:
        return
    # Heavy, and seldom used.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - only where spans are exported
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - only where spans are exported
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - only where spans are exported
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - only where spans are exported

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracing.export_spans(provider)


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
        # An answer that breaks off has told of success: the span tells of the error.
        with tracing.serving(scope["method"], _named(scope), continues=self._continues_traces) as active:
            scope.setdefault("state", {})["trace_id"] = active.trace_id
            bind_contextvars(trace_id=active.trace_id)  # each request has a context of its own: nothing to undo
            try:
                await self._app(scope, receive, observed)
            finally:
                ended = answered if OPEN_ENDED in scope["state"] else time.perf_counter()
                _record(scope, active, status, ended - started)


def _named(scope: Scope) -> dict[str, str]:
    """The trace that the caller names."""
    return {_TRACE_HEADERS[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _TRACE_HEADERS}


def _record(scope: Scope, active: tracing.ActiveTrace, status: int, seconds: float) -> None:
    """The route template is the label: a raw path would make a series for every id."""
    route = scope.get("path_template") or UNMATCHED
    method = scope["method"] if scope["method"] in _METHODS else "other"
    _seconds_of(method, route, status).observe(seconds)
    active.describe(method, route, status)


@lru_cache(maxsize=4096)
def _seconds_of(method: str, route: str, status: int) -> Histogram:
    """The series of these labels; looking it up by them costs more than the sample."""
    return REQUEST_SECONDS.labels(method, route, str(status))
