"""Sample consumer with aiokafka: takes every ticket event once, and keeps the newest state of each ticket.

    pip install -r requirements.txt && python consumer.py 127.0.0.1:8010

applied.jsonl is inbox and effect in one: a line that is written whole is an event that was applied. What can never be
applied goes to set-aside.jsonl. One process at a time; in a real consumer both are tables of one database.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord

TOPIC = "opsdash.support.tickets.v1"
TYPES = {f"support_ticket.{what}" for what in ("created", "updated", "deleted", "restored", "purged")}
REQUIRED = {
    "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_specversion", "ce_dataschema", "content-type",
    "ce_orgid", "ce_sequence",
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "group_id": f"sample-python.{TOPIC}",  # one of your own
    "auto_offset_reset": "earliest",  # a lost offset reads again instead of skipping
    "enable_auto_commit": False,  # committed when the lines are on the disk, not before
    "isolation_level": "read_committed",  # records of aborted transactions are not seen
    "session_timeout_ms": 10_000,  # after a crash the broker waits this long before it goes on
    # Production:
    # "security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512",
    # "sasl_plain_username": os.environ["KAFKA_USER"], "sasl_plain_password": os.environ["KAFKA_PASSWORD"],
    # "ssl_context": aiokafka.helpers.create_ssl_context(cafile="ca.pem"),
}


class Unusable(Exception):
    """A message that no retry makes better; the argument is a code of docs/reference/events.md."""


class Journal:
    """A file of JSON lines; a last line that a crash cut short is removed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b")
        self._file.seek(0)
        text = self._file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._file.truncate(len(whole))
        self.lines: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]

    def append(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")

    def sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())


class Tickets:
    """What this consumer knows: ids of applied events, and the newest version of each ticket."""

    def __init__(self) -> None:
        self._applied, self._aside = Journal(Path("applied.jsonl")), Journal(Path("set-aside.jsonl"))
        self._ids = {line["id"] for line in self._applied.lines}
        self._versions = {line["ticket"]: line["version"] for line in self._applied.lines if line["newest"]}

    def take(self, record: ConsumerRecord[bytes, bytes]) -> str:
        """One word about what became of it."""
        try:
            read = event_of(record)
        except Unusable as error:
            self._aside.append(aside(record, str(error)))
            return "set aside"
        if read is None:
            return "not for us"
        headers, data = read
        if headers["ce_id"] in self._ids:
            return "seen before"
        ticket, version = data["ticket_id"], data["version"]
        newest = version > self._versions.get(ticket, 0)  # a replay may come after newer events
        line = {"id": headers["ce_id"], "type": headers["ce_type"], "ticket": ticket, "version": version}
        self._applied.append({**line, "status": data["status"], "newest": newest})
        self._ids.add(headers["ce_id"])
        if newest:
            self._versions[ticket] = version
        return "applied"

    def sync(self) -> None:
        self._applied.sync()
        self._aside.sync()


def event_of(record: ConsumerRecord[bytes, bytes]) -> tuple[dict[str, str], dict[str, Any]] | None:
    """Headers and data; None for a type that this consumer does not know. Raises Unusable."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    require("missing-header", all(headers.get(name) for name in REQUIRED))
    if headers["ce_type"] not in TYPES:
        return None
    require("unknown-version", headers["ce_dataschema"] == f"urn:opsdash:{headers['ce_type']}:v1")
    require("foreign-source", headers["ce_source"] == "/services/tickets")
    try:
        data = json.loads(record.value or b"")
    except ValueError:
        raise Unusable("bad-json") from None
    require("bad-json", isinstance(data, dict))
    require(
        "key-mismatch", (record.key or b"").decode(errors="replace") == headers["ce_subject"] == data.get("ticket_id")
    )
    require("org-mismatch", headers["ce_orgid"] == data.get("org_id"))
    require("sequence-mismatch", headers["ce_sequence"] == str(data.get("version")))
    return headers, data


def require(code: str, holds: bool) -> None:
    if not holds:
        raise Unusable(code)


def aside(record: ConsumerRecord[bytes, bytes], code: str) -> dict[str, Any]:
    """All of a record, byte for byte."""
    return {
        "place": f"{record.topic}/{record.partition}/{record.offset}",
        "code": code,
        "headers": [[name, base64.b64encode(value or b"").decode()] for name, value in record.headers],
        "key": base64.b64encode(record.key or b"").decode(),
        "value": base64.b64encode(record.value or b"").decode(),
    }


async def main(servers: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    tickets = Tickets()
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=servers, **SETTINGS)
    await consumer.start()
    try:
        while not stop.is_set():
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    print(tickets.take(record), record.partition, record.offset, flush=True)
            tickets.sync()
            await consumer.commit()
    finally:
        await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
