"""What aiokafka does not do by itself: each test of the library alone fails when it does, and its part here can go."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
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
