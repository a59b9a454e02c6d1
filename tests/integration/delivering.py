"""What suites about delivery share: a write whose fate may stay unknown, and the comparison of topic and history."""

from __future__ import annotations

import json

import aiohttp

from tests.integration.ledger import original_headers
from tests.integration.watching import query
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack
from tests.support.witness import Record


async def try_to_create(stack: Stack, service: ServiceProcess, title: str) -> str | None:
    """The new ticket's id; None when no answer came, so that its fate is unknown."""
    client = stack.client(service, stack.workspace.ours.admin)
    try:
        return str((await client.create_ticket(stack.workspace.ours.slug, title))["id"])
    except (aiohttp.ClientError, OSError):
        return None


async def assert_published_as_stored(stack: Stack, records: list[Record]) -> None:
    rows = await query(stack, "SELECT event_id::text, aggregate_id, headers::text, data::text FROM history")
    stored = {row["event_id"]: (json.loads(row["headers"]), row["data"]) for row in rows}
    for record in records:
        headers, data = stored[record.header("ce_id") or ""]
        assert dict(original_headers(record)) == {name: value.encode() for name, value in headers.items()}
        assert record.value == data.encode()
