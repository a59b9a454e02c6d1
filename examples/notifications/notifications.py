"""Reference consumer: tells people about tickets that are nearly or already overdue, once per event id.

    KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:8010 python notifications.py

Messages go to standard output as JSON lines, or as HTTP POSTs to NOTIFY_URL. A person who would get more than ten in
a minute gets the rest as one digest. NOTIFY_DATABASE names the SQLite file that remembers what was taken and what
was sent. Sending cannot be part of its transaction: a crash in between repeats a message, with the same event ids.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import time
import urllib.request
from typing import Any

from aiokafka import ConsumerRecord
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from opsdash_contracts.envelope import Event, InvalidMessage, UnknownEventType, decode
from opsdash_contracts.sla import BREACHED, SlaNotice
from opsdash_contracts.topics import SLA

SINGLES_PER_MINUTE = 10
MINUTE_SECONDS = float(os.environ.get("NOTIFY_MINUTE_SECONDS", "60"))  # shorter only to try it out
SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (event_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS waiting (event_id TEXT PRIMARY KEY, recipient TEXT, text TEXT);
CREATE TABLE IF NOT EXISTS sent (recipient TEXT, sent_at REAL);
CREATE TABLE IF NOT EXISTS folding (recipient TEXT PRIMARY KEY, since REAL);
CREATE INDEX IF NOT EXISTS sent_by_recipient ON sent (recipient, sent_at);
"""


class Mailbox:
    """What is to be sent to whom: taken once per event id, kept until it is sent."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(SCHEMA)

    def take(self, event_id: str, recipient: str, text: str) -> None:
        """Remember the message, unless this event was taken before; durable when this returns."""
        with self._database:
            if self._database.execute("INSERT OR IGNORE INTO taken VALUES (?)", (event_id,)).rowcount:
                self._database.execute(
                    "INSERT INTO waiting (event_id, recipient, text) VALUES (?, ?, ?)", (event_id, recipient, text)
                )

    def ready(self) -> list[dict[str, Any]]:
        """Messages to send now: singles while a person's minute has room; from then on one digest a minute later."""
        now, messages = time.time(), []
        with self._database:
            self._database.execute("DELETE FROM sent WHERE sent_at < ?", (now - MINUTE_SECONDS,))
            for (recipient,) in self._database.execute("SELECT DISTINCT recipient FROM waiting").fetchall():
                messages += self._ready_for(recipient, now)
        return messages

    def _ready_for(self, recipient: str, now: float) -> list[dict[str, Any]]:
        waiting = self._rows("SELECT event_id, text FROM waiting WHERE recipient = ? ORDER BY rowid", recipient)
        folding = self._rows("SELECT since FROM folding WHERE recipient = ?", recipient)
        if folding:  # what was held back is not sent singly once there is room again
            return [_message(recipient, waiting)] if folding[0][0] <= now - MINUTE_SECONDS else []
        (sent,) = self._rows("SELECT count(*) FROM sent WHERE recipient = ?", recipient)
        room = max(SINGLES_PER_MINUTE - sent[0], 0)
        if waiting[room:]:
            self._database.execute("INSERT INTO folding VALUES (?, ?)", (recipient, now))
        return [_message(recipient, [row]) for row in waiting[:room]]

    def _rows(self, query: str, recipient: str) -> list[Any]:
        return self._database.execute(query, (recipient,)).fetchall()

    def sent(self, message: dict[str, Any]) -> None:
        now, recipient = time.time(), message["to"]
        with self._database:
            self._database.execute("INSERT INTO sent VALUES (?, ?)", (recipient, now))
            self._database.executemany(
                "DELETE FROM waiting WHERE event_id = ?", [(event_id,) for event_id in message["event_ids"]]
            )
            # Only a digest finds an end of the folding this old: singles are sent in its first moments.
            self._database.execute(
                "DELETE FROM folding WHERE recipient = ? AND since <= ?", (recipient, now - MINUTE_SECONDS)
            )


def _message(recipient: str, rows: list[Any]) -> dict[str, Any]:
    texts = [row[1] for row in rows]
    text = texts[0] if len(texts) == 1 else f"{len(texts)} tickets need you:\n" + "\n".join(texts)
    return {"to": recipient, "text": text, "event_ids": [row[0] for row in rows]}


def recipient_of(notice: SlaNotice) -> str:
    """Whoever works on the ticket, else whoever opened it."""
    return str(notice.assignee_id or notice.created_by)


def text_of(event: Event[Any]) -> str:
    notice: SlaNotice = event.data
    due = f"{notice.due_at:%Y-%m-%d %H:%M}Z"
    if event.envelope.type != BREACHED:
        return f"Ticket #{notice.number} ({notice.priority}) is due at {due}."
    doubt = "" if notice.confirmed else " (could not be checked)"
    return f"Ticket #{notice.number} ({notice.priority}) is overdue since {due}{doubt}."


def send(message: dict[str, Any]) -> None:
    """Raises OSError when the receiver does not take it; it then stays in the mailbox."""
    body = json.dumps(message)
    url = os.environ.get("NOTIFY_URL")
    if url is None:
        sys.stdout.write(f"{body}\n")
        sys.stdout.flush()
        return
    headers = {"Content-Type": "application/json", "Idempotency-Key": message["event_ids"][0]}
    request = urllib.request.Request(url, body.encode(), headers)  # noqa: S310 - the operator's own receiver
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


async def deliver(mailbox: Mailbox) -> None:
    while True:
        for message in mailbox.ready():
            try:
                await asyncio.to_thread(send, message)
            except OSError as error:
                sys.stderr.write(f"not sent, will be tried again: {error}\n")
                break
            mailbox.sent(message)
        await asyncio.sleep(0.2)


async def raw(message: KafkaMessage) -> ConsumerRecord[bytes, bytes]:
    """The record as it is: the contracts decode it, not the framework."""
    record: ConsumerRecord[bytes, bytes] = message.raw_message
    return record


async def main() -> None:
    mailbox = Mailbox(os.environ.get("NOTIFY_DATABASE", "notifications.sqlite"))
    # No auto-created topics: a consumer that starts first must not decide how many partitions there are.
    broker = KafkaBroker(
        os.environ["KAFKA_BOOTSTRAP_SERVERS"], allow_auto_create_topics=False, apply_types=False, logger=None
    )

    # The offset is committed after the handler returned; a crash before that brings the record again.
    @broker.subscriber(
        SLA,
        group_id=f"notifications.{SLA}",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        isolation_level="read_committed",
        session_timeout_ms=6_000,  # after a crash the broker waits this long before it goes on
        decoder=raw,
    )
    async def take(record: ConsumerRecord[bytes, bytes]) -> None:
        try:
            event = decode(record.headers, record.key, record.value)
        except UnknownEventType:
            return
        except InvalidMessage as error:  # it can never be read: say so and go on
            sys.stderr.write(f"{record.topic}/{record.partition}/{record.offset} cannot be read: {error}\n")
            return
        if isinstance(event.data, SlaNotice):
            mailbox.take(str(event.envelope.id), recipient_of(event.data), text_of(event))

    app = FastStream(broker, logger=None)
    async with asyncio.TaskGroup() as tasks:
        delivery = tasks.create_task(deliver(mailbox))
        await app.run()
        delivery.cancel()


if __name__ == "__main__":
    asyncio.run(main())
