"""Giving up a producer whose broker is away leaves nothing running."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition
from opsdash_chassis.kafka import clients as kafka


async def test_a_producer_that_cannot_flush_is_ended_with_all_its_tasks(monkeypatch: pytest.MonkeyPatch):
    """The client's own parts, but for the network: one event waits for a broker that never answers."""
    monkeypatch.setattr(kafka, "STOP_SECONDS", 0.05)
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", acks="all", enable_idempotence=True)
    sender, accumulator = producer._sender, producer._message_accumulator
    sender._sender_task = asyncio.create_task(sender._sender_routine())
    event = await accumulator.add_message(TopicPartition("t", 0), b"k", b"v", 5)
    assert tasks_of(sender)
    await kafka.stop_producer(producer)
    await asyncio.sleep(0.05)
    assert event.done()
    assert event.exception() is not None
    assert tasks_of(sender) == []


def tasks_of(owner: object) -> list[asyncio.Task[Any]]:
    """The running tasks of its methods; others of the test run come and go on the same loop."""
    frames = {task: getattr(task.get_coro(), "cr_frame", None) for task in asyncio.all_tasks()}
    return [task for task, frame in frames.items() if frame and frame.f_locals.get("self") is owner]
