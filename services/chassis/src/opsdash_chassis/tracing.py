"""A trace goes with its event: as a W3C traceparent through the outbox, and on in the consumer's span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("opsdash_chassis.consumers")


def current_traceparent() -> str | None:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def within(span: trace.Span, context: Context) -> Iterator[None]:
    """The span is the current one in the block and ends with it; an error that leaves the block is noted.

    Not start_as_current_span: what it does for exceptions costs as much as the span, each time.
    """
    attached = contexts.attach(trace.set_span_in_context(span, context))
    try:
        yield
    except BaseException as error:
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        span.end()
        contexts.detach(attached)


@contextmanager
def consuming(topic: str, headers: Iterable[tuple[str, bytes]]) -> Iterator[None]:
    """The span of one event's handler, a child of the one that the event came from."""
    traceparent = next((value for name, value in headers if name == "traceparent"), b"")
    context = _PROPAGATOR.extract({"traceparent": traceparent.decode("ascii", "replace")})
    attributes = {"messaging.system": "kafka", "messaging.destination.name": topic}
    span = _tracer.start_span(f"{topic} process", context=context, kind=SpanKind.CONSUMER, attributes=attributes)
    with within(span, context):
        yield
