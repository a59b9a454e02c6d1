"""Reference consumer: who was told what of which ticket, and who was not and why, once per event id.

    KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:8010 python notifications.py

Follows the notices topic. Each notice is a row in the SQLite file that NOTICES_DATABASE names, and a JSON line on
standard output when it is new. The row is on the disk before the offset is committed, and its key is the event's id:
nothing is lost, and nothing is there twice.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from typing import Any

from aiokafka import ConsumerRecord
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from opsdash_contracts.envelope import Event, InvalidMessage, UnknownEventType, decode
from opsdash_contracts.notices import Notice
from opsdash_contracts.topics import NOTICES

TABLE = """
CREATE TABLE IF NOT EXISTS notices (
    event_id TEXT PRIMARY KEY, org TEXT, ticket INTEGER, told TEXT, channel TEXT, reason TEXT, state TEXT, why TEXT,
    at TEXT
)
"""
STORE = """
INSERT OR IGNORE INTO notices VALUES (:event_id, :org, :ticket, :told, :channel, :reason, :state, :why, :at)
"""


def row_of(event: Event[Any]) -> dict[str, Any]:
    """`told` is a person or a team channel; `why` says why they were not; no `ticket` is about the org."""
    notice: Notice = event.data
    return {
        "event_id": str(event.envelope.id),
        "org": str(notice.org_id),
        "ticket": notice.number,
        "told": str(notice.recipient_id or notice.channel_id),
        "channel": notice.channel,
        "reason": notice.reason,
        "state": event.envelope.type.removeprefix("notice."),
        "why": notice.why,
        "at": notice.at.isoformat(),
    }


def take(database: sqlite3.Connection, record: ConsumerRecord[bytes, bytes]) -> None:
    """Store one notice, and show it unless it was there before."""
    try:
        event = decode(record.headers, record.key, record.value)
    except UnknownEventType:
        return
    except InvalidMessage as error:  # it can never be read: say so and go on
        sys.stderr.write(f"{record.topic}/{record.partition}/{record.offset} cannot be read: {error}\n")
        return
    if not isinstance(event.data, Notice):
        return
    row = row_of(event)
    with database:
        is_new = database.execute(STORE, row).rowcount
    if is_new:
        sys.stdout.write(f"{json.dumps(row)}\n")
        sys.stdout.flush()


async def raw(message: KafkaMessage) -> ConsumerRecord[bytes, bytes]:
    """The record as it is: the contracts decode it, not the framework."""
    record: ConsumerRecord[bytes, bytes] = message.raw_message
    return record


async def main() -> None:
    database = sqlite3.connect(os.environ.get("NOTICES_DATABASE", "notices.sqlite"))
    database.execute("PRAGMA synchronous = FULL")
    database.execute(TABLE)
    # No auto-created topics: a consumer that starts first must not decide how many partitions there are.
    broker = KafkaBroker(
        os.environ["KAFKA_BOOTSTRAP_SERVERS"], allow_auto_create_topics=False, apply_types=False, logger=None
    )

    # The offset is committed after the handler returned; a crash before that brings the record again.
    @broker.subscriber(
        NOTICES,
        group_id=f"notices-follower.{NOTICES}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        isolation_level="read_committed",
        session_timeout_ms=6_000,  # after a crash the broker waits this long before it goes on
        decoder=raw,
    )
    async def follow(record: ConsumerRecord[bytes, bytes]) -> None:
        take(database, record)

    await FastStream(broker, logger=None).run()


if __name__ == "__main__":
    asyncio.run(main())
