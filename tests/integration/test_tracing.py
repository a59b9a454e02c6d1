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
from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.settings import DatabaseSettings
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import TICKETS
from opsdash_local.ports import LOOPBACK, free_port

from tests.integration.checks import query
from tests.integration.stacks import running, settings_of
from tests.support.brokers import Witness
from tests.support.stack import Stack

TRACE_IDS = ("4bf92f3577b34da6a3ce929d0e0e4736", "5bf92f3577b34da6a3ce929d0e0e4737")
CALLER_SPAN = "00f067aa0ba902b7"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opsdash_chassis.observability.tracing._tracer", provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


class TestTrace:
    async def test_it_reaches_the_event_and_the_span_of_its_consumer(
        self, shared_stack: Stack, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
    ):
        """Two of them, so that two events wait and are applied in one transaction: each in its own trace."""
        stack = shared_stack
        collector = f"http://{LOOPBACK}:{free_port()}"  # nobody listens, but with one configured spans are sampled
        async with (
            running(stack, OPSDASH_OTLP_ENDPOINT=collector) as service,
            Witness(stack.kafka.bootstrap_servers, TICKETS) as witness,
        ):
            client = stack.client(service, stack.workspace.ours.admin)
            path = f"/orgs/{stack.workspace.ours.slug}/tickets"
            for trace_id in TRACE_IDS:
                header = f"00-{trace_id}-{CALLER_SPAN}-01"
                assert (await client.call("POST", path, {"title": "Traced"}, traceparent=header)).status == 201
            records = await witness.wait_for(len(TRACE_IDS))
        sent = [(record.header("traceparent") or "").split("-")[1:3] for record in records]
        assert {trace_id for trace_id, _ in sent} == set(TRACE_IDS)
        assert CALLER_SPAN not in {span for _, span in sent}, "the event is a child of the service's own span"
        stored = await query(stack, "SELECT headers->>'traceparent' AS traceparent FROM history")
        assert {row["traceparent"] for row in stored} == {record.header("traceparent") for record in records}
        consumed = await self.consume(stack, settings_of(stack, monkeypatch), spans)
        parents = [[f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}"] for span in consumed if span.parent]
        assert sorted(parents) == sorted(sent)

    async def consume(
        self, stack: Stack, settings: DatabaseSettings, spans: InMemorySpanExporter
    ) -> list[ReadableSpan]:
        """Read the topic as the audit service would; the spans that were current in the handler."""
        seen: asyncio.Queue[trace.SpanContext] = asyncio.Queue()

        async def handle(_: UnitOfWork, __: Event[Any]) -> None:
            seen.put_nowait(trace.get_current_span().get_span_context())

        database = Database(settings, name="audit")
        await database.open()
        consumers = Consumers(settings, service="audit", database=database)
        consumers.subscribe(TICKETS, {"support_ticket.created": handle})
        task = asyncio.create_task(consumers.run())
        try:
            async with asyncio.timeout(30):
                current = [await seen.get() for _ in TRACE_IDS]
        finally:
            task.cancel()
            await consumers.stop()
            await database.close()
        finished = {span.context.span_id: span for span in spans.get_finished_spans()}
        return [finished[context.span_id] for context in current]
