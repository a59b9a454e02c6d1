"""A request that offers HTTP/2 (`Upgrade: h2c`) is answered by HTTP/1.1 with its body read, by every service."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

from tests.support.databases import ServiceDatabase
from tests.support.stack import token
from tests.system.conftest import Door, sla_monitor
from tests.system.test_comments import new_thread

OFFER = "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"


async def post(url: str, path: str, authorization: str, body: bytes) -> tuple[int, str]:
    """The body is sent after the head, as Java's client does."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\n{OFFER}Authorization: {authorization}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    try:
        for part in (head.encode(), body):
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(15):
            answer = await reader.read()
    finally:
        writer.close()
    told, _, content = answer.partition(b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 "), told
    return int(told.split()[1]), content.decode()


async def test_the_gateway_and_tickets_create_a_ticket(door: Door):
    authorization = door.as_("owner").headers["Authorization"]
    for path in (f"{door.gateway.url}/api", door.api.service.url):
        body = b'{"title":"Offered HTTP/2"}'
        status, content = await post(path, f"{urlsplit(path).path}/orgs/ours/tickets", authorization, body)
        assert (status, json.loads(content)["title"]) == (201, "Offered HTTP/2")


async def test_the_comments_service_stores_a_comment(door: Door):
    path = (await new_thread(door)).removeprefix("/api")
    authorization = door.as_("owner").headers["Authorization"]
    status, content = await post(door.comments.url, path, authorization, b'{"body":"Offered HTTP/2"}')
    assert (status, json.loads(content)["body"]) == (201, "Offered HTTP/2")


async def test_the_monitor_sweeps(door: Door, sla_template: ServiceDatabase, tmp_path):
    async with sla_monitor(door, sla_template, tmp_path) as monitor:
        status, content = await post(monitor.url, "/internal/sweep", f"Bearer {token('gateway', 'sla-monitor')}", b"{}")
    assert (status, json.loads(content)["checked"]) == (200, 0)
