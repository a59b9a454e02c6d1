"""One trace from the caller's request through the outbox and the topic to the consumer of the event."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opsdash_chassis.consumers import Consumers
from opsdash_chassis.database import Database
from opsdash_chassis.settings import DatabaseSettings
from opsdash_chassis.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import TICKETS
from opsdash_local.ports import LOOPBACK, free_port

from tests.integration.stacks import running, settings_of
from tests.integration.watching import scalar
from tests.support.stack import Stack
from tests.support.witness import Witness

TRACE_ID, CALLER_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def spans() -> Iterator[InMemorySpanExporter]:
    """The provider of a process can be set once, so this is the only module that sets it."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


class TestTrace:
    async def test_it_reaches_the_event_and_the_span_of_its_consumer(
        self, shared_stack: Stack, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
    ):
        stack = shared_stack
        collector = f"http://{LOOPBACK}:{free_port()}"  # nobody listens, but with one configured spans are sampled
        async with (
            running(stack, OPSDASH_OTLP_ENDPOINT=collector) as service,
            Witness(stack.kafka.bootstrap_servers, TICKETS) as witness,
        ):
            client = stack.client(service, stack.workspace.ours.admin)
            header = f"00-{TRACE_ID}-{CALLER_SPAN}-01"
            path = f"/orgs/{stack.workspace.ours.slug}/tickets"
            answer = await client.call("POST", path, {"title": "Traced"}, traceparent=header)
            assert answer.status == 201
            (record,) = await witness.wait_for(1)
        _, trace_id, producer_span, _ = (record.header("traceparent") or "").split("-")
        assert trace_id == TRACE_ID
        assert producer_span != CALLER_SPAN, "the event is a child of the service's own span"
        stored = await scalar(stack, "SELECT headers->>'traceparent' FROM history")
        assert stored == record.header("traceparent")
        span = await self.consume(stack, settings_of(stack, monkeypatch), spans)
        assert f"{span.context.trace_id:032x}" == TRACE_ID
        assert span.parent is not None
        assert f"{span.parent.span_id:016x}" == producer_span

    async def consume(self, stack: Stack, settings: DatabaseSettings, spans: InMemorySpanExporter) -> ReadableSpan:
        """Read the topic as the audit service would; the span that was current in the handler."""
        seen: asyncio.Future[trace.SpanContext] = asyncio.get_running_loop().create_future()

        async def handle(_: UnitOfWork, __: Event[Any]) -> None:
            seen.set_result(trace.get_current_span().get_span_context())

        database = Database(settings, name="audit")
        await database.open()
        consumers = Consumers(settings, service="audit", database=database)
        consumers.subscribe(TICKETS, {"support_ticket.created": handle})
        task = asyncio.create_task(consumers.run())
        try:
            current = await asyncio.wait_for(seen, timeout=30)
        finally:
            task.cancel()
            await consumers.stop()
            await database.close()
        finished = {span.context.span_id: span for span in spans.get_finished_spans()}
        inner = finished[current.span_id]
        while inner.parent is not None and inner.parent.span_id in finished:
            inner = finished[inner.parent.span_id]
        return inner
