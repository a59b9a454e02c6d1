"""What aiokafka does not do by itself: each test of the library alone fails when it does, and its part here can go."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.consumer import fetcher
from aiokafka.errors import UnsupportedCodecError
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from opsdash_chassis.kafka import compat
from opsdash_chassis.kafka.compat import UndecodableRecords

NAME = "a name"


@pytest.fixture(params=[0, 1], ids=["plain", "compressed"])
def batch(request: pytest.FixtureRequest) -> bytes:
    """Two records of one batch; the first has a header whose name is not UTF-8."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2, compression_type=request.param, is_transactional=0, producer_id=-1, producer_epoch=-1,
        base_sequence=-1, batch_size=100_000,
    )  # fmt: skip
    for offset, headers in enumerate([[(_Damaged(NAME), b"1")], [("good", b"2")]]):
        builder.append(offset, timestamp=1, key=b"k", value=b"v" * 500, headers=headers)
    return bytes(builder.build())


class _Damaged(str):
    """A header name that is sent as bytes that are no UTF-8."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


class TestHeaderNames:
    def test_the_library_alone_reads_no_record_of_such_a_batch(self, batch: bytes) -> None:
        with pytest.raises(UnicodeDecodeError):
            list(MemoryRecords(batch).next_batch())

    def test_here_all_are_read_with_the_bytes_of_the_name_kept(self, batch: bytes) -> None:
        records = UndecodableRecords(batch)
        assert records.has_next()
        assert [(record.offset, list(record.headers)) for record in records.next_batch()] == [
            (0, [("\udcff\udcfe", b"1")]),
            (1, [("good", b"2")]),
        ]
        assert not records.has_next()


class Partition:
    """A partition as the fetcher has it: records, then maybe bytes that cannot be read."""

    def __init__(self, number: int, *records: str, broken: bool = False) -> None:
        self.at = TopicPartition("t", number)
        self.position = self.next_fetch_offset = 0
        self.paused, self.active = False, True
        self._records, self._broken = list(records), broken

    def __iter__(self) -> Iterator[str]:
        for record in self._records:
            self.next_fetch_offset += 1
            yield record
        if self._broken:
            raise UnsupportedCodecError

    def state_value(self, _: TopicPartition) -> Partition:
        return self

    def consumed_to(self, position: int) -> None:
        self.position = position


def fetcher_of(*partitions: Partition) -> Any:
    """What `fetched_records` needs of itself, with these partitions fetched."""
    results = {
        one.at: fetcher.FetchResult(one.at, partition_records=one, assignment=one, backoff=0) for one in partitions
    }
    return SimpleNamespace(
        _records=results, _subscriptions=SimpleNamespace(reassignment_in_progress=False),
        _notify=lambda _: None, _wait_consume_future=None,
    )  # fmt: skip


async def drained(fetching: Any) -> dict[int, list[str]]:
    found = await fetcher.Fetcher.fetched_records(fetching, ())
    return {partition.partition: records for partition, records in found.items()}


class TestUnreadablePartition:
    @pytest.fixture(autouse=True)
    def as_it_comes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetcher, "FetchResult", compat.SeparateFetchResult.__base__)
        monkeypatch.setattr(compat, "_unreadable", {})

    async def test_the_library_alone_loses_what_it_has_drained_before(self) -> None:
        good, bad = Partition(0, "a", "b"), Partition(1, broken=True)
        fetching = fetcher_of(good, bad)
        with pytest.raises(UnsupportedCodecError):
            await drained(fetching)
        assert (good.position, good.at in fetching._records) == (2, False)

    async def test_here_the_others_are_drained_and_it_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[tuple[int, int, Exception]] = []
        compat.keep_what_was_drained("t", lambda *what: told.append(what))
        good, bad = Partition(0, "a", "b"), Partition(1, "c", broken=True)
        fetching = fetcher_of(good, bad)
        assert await drained(fetching) == {0: ["a", "b"]}
        assert [(partition, offset, type(error)) for partition, offset, error in told] == [
            (1, 0, UnsupportedCodecError)
        ]
        assert await drained(fetching) == {}, "nothing is skipped, and the error is not told again and again"
        assert bad.at in fetching._records
        monkeypatch.setattr(compat.time, "monotonic", lambda: math.inf)
        assert await drained(fetching) == {}
        assert (bad.at in fetching._records, bad.position) == (False, 0), "it is fetched again from where it was"


class TestStoppingAnIdempotentProducer:
    async def test_the_library_alone_goes_on_trying(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", acks="all", enable_idempotence=True)
        sender, accumulator = producer._sender, producer._message_accumulator
        sender._sender_task = asyncio.create_task(sender._sender_routine())
        sent = await accumulator.add_message(TopicPartition("t", 0), b"k", b"v", 5)
        stopping = asyncio.create_task(producer.stop())
        done, _ = await asyncio.wait({stopping}, timeout=0.3)
        assert done == set()
        assert not sent.done()
        stopping.cancel()
        await asyncio.gather(stopping, return_exceptions=True)
        await sender.close()
        accumulator.fail_all(RuntimeError("the test is over"))
        assert sent.exception() is not None
        await producer.client.close()
