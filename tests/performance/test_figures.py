"""The arithmetic of the load generator: percentiles that were measured, moments that were meant."""

from __future__ import annotations

import asyncio
import socket

import pytest

from benchmarks.figures import Latency, percentile, schedule
from benchmarks.load import Expected, Order, Request, carry_out

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (0.995, 100), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int):
    assert percentile(range(1, 101), share) == expected


def test_of_nothing_there_is_no_percentile():
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)


def test_latency_is_told_in_milliseconds_whatever_the_order():
    assert Latency.of([0.003, 0.001, 0.002]) == Latency(p50=2.0, p95=3.0, p99=3.0, worst=3.0)


def test_a_schedule_is_even_and_does_not_wait_for_answers():
    assert list(schedule(4, 1.0, start=10.0)) == [10.0, 10.25, 10.5, 10.75]


async def test_an_open_loop_counts_the_wait_behind_a_stalled_request():
    """The first answer takes half a second; the requests due meanwhile are late by what is left of it."""
    stalled = True

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal stalled
        while await reader.readuntil(b"\r\n\r\n"):
            if stalled:
                stalled = False
                await asyncio.sleep(0.5)
            writer.write(ANSWER)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    outcome = await carry_out(Order(url, [Request("GET", "/")], connections=1, seconds=0.5, rate=20))
    server.close()
    assert (outcome.answered, outcome.statuses) == (10, {200: 10})
    assert outcome.latency.p50 > 100, "only the stalled request would be slow if latency began with the real sending"


async def test_an_answer_without_the_wanted_text_is_counted_however_it_is_cut():
    """The text lies across two packets in one answer, and is missing in the next."""
    bodies = [b"status: available", b"status: not there"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while await reader.readuntil(b"\r\n\r\n"):
            body = bodies.pop(0)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n" + body[:10])
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(body[10:])

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    expected = Expected(contains="available")
    outcome = await carry_out(Order(url, [Request("GET", "/")], expected, connections=1, seconds=0.2, rate=10))
    server.close()
    assert (outcome.answered, outcome.incomplete) == (2, 1)
