"""Reference consumer: appends every event of the topics meant for audit to a file, one JSON object a line.

    KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:8010 AUDIT_FILE=audit.jsonl python audit.py

A line is on the disk before its offset is committed, so nothing is lost; an event whose id is in the file already is
not written again, so nothing is there twice. A line that a crash cut short is removed at the next start.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any

from aiokafka import ConsumerRecord
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from opsdash_contracts.envelope import InvalidMessage, UnknownEventType, decode
from opsdash_contracts.topics import catalogue

CONSUMER = "audit"


class Journal:
    """The file and the ids in it. One process at a time may have it open."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._ids = self._read()

    def _read(self) -> set[str]:
        """The ids of all complete lines; an incomplete last one is cut off."""
        self._file.seek(0)
        ids, end = set(), 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            ids.add(json.loads(line)["id"])
        self._file.truncate(end)
        return ids

    def append(self, entry: dict[str, Any]) -> None:
        """On the disk when this returns, unless it was there before."""
        if entry["id"] in self._ids:
            return
        self._file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._ids.add(entry["id"])


def entry_of(record: ConsumerRecord[bytes, bytes]) -> dict[str, Any]:
    """The event with all it carries; what cannot be read is kept as bytes, under the place it came from."""
    try:
        event = decode(record.headers, record.key, record.value)
    except (InvalidMessage, UnknownEventType) as error:
        place = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
        return {
            "id": place,
            "error": error.code,
            "headers": [[name, base64.b64encode(value or b"").decode()] for name, value in record.headers],
            "key": base64.b64encode(record.key or b"").decode(),
            "value": base64.b64encode(record.value or b"").decode(),
        }
    envelope = event.envelope.model_dump(mode="json", exclude={"replayed"})
    return {**envelope, "topic": record.topic, "data": json.loads(record.value or b"null")}


async def raw(message: KafkaMessage) -> ConsumerRecord[bytes, bytes]:
    """The record as it is: the contracts decode it, not the framework."""
    record: ConsumerRecord[bytes, bytes] = message.raw_message
    return record


async def main() -> None:
    try:
        journal = Journal(Path(os.environ.get("AUDIT_FILE", "audit.jsonl")))
    except BlockingIOError:
        sys.exit("another process is writing this file")
    # No auto-created topics: a consumer that starts first must not decide how many partitions there are.
    broker = KafkaBroker(
        os.environ["KAFKA_BOOTSTRAP_SERVERS"], allow_auto_create_topics=False, apply_types=False, logger=None
    )

    async def write(record: ConsumerRecord[bytes, bytes]) -> None:
        journal.append(entry_of(record))

    for topic in catalogue().values():
        if CONSUMER in topic.consumers:
            # The offset is committed after the handler returned; a crash before that brings the record again.
            subscriber = broker.subscriber(
                topic.name,
                group_id=f"{CONSUMER}.{topic.name}",
                auto_offset_reset="earliest",
                ack_policy=AckPolicy.NACK_ON_ERROR,
                isolation_level="read_committed",
                session_timeout_ms=6_000,  # after a crash the broker waits this long before it goes on
                decoder=raw,
            )
            subscriber(write)
    await FastStream(broker, logger=None).run()


if __name__ == "__main__":
    asyncio.run(main())
