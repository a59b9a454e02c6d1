"""What one person gets of the gateway: so many requests at the same time, and so much work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from services.gateway.tests.conftest import PERSON
from tests.support.measurements import eventually

ANOTHER = UUID("22222222-2222-4222-8222-222222222222")
WARMING_UP = UUID("33333333-3333-4333-8333-333333333333")
LIST = "/api/orgs/brightside/tickets"
AT_ONCE = 3
BURST = 20


@pytest.fixture
def three_people(tmp_path: Path) -> Path:
    people = tmp_path / "three.json"
    people.write_text(
        json.dumps([{"user_id": str(user), "name": "x", "memberships": []} for user in (PERSON, ANOTHER, WARMING_UP)])
    )
    return people


@pytest.fixture
async def shared(upstream: Any, start_gateway: Any, three_people: Path) -> Any:
    """A gateway that has answered before, with low limits of work, and two people in front of it."""
    limits = {"user_requests_per_second": 10, "user_request_burst": BURST, "user_requests_at_once": AT_ONCE}
    gateway = await start_gateway(tickets_url=upstream.url, dev_people_file=three_people, **limits)
    # What a process does at its first request only would count as this person's work, and more on a slow machine.
    await gateway.call("GET", LIST, token=await token_of(gateway, WARMING_UP))
    upstream.requests.clear()
    return gateway


@pytest.fixture
async def few_at_once(upstream: Any, start_gateway: Any, three_people: Path) -> Any:
    """A gateway with a low limit of requests at once and the usual ones of work, and two people in front of it."""
    return await start_gateway(tickets_url=upstream.url, dev_people_file=three_people, user_requests_at_once=AT_ONCE)


async def token_of(gateway: Any, user: UUID) -> str:
    _, _, body = await gateway.call("POST", "/dev/token", token="", json={"user_id": str(user)})
    return str(json.loads(body)["access_token"])


def costing(milliseconds: float) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({}, headers={"Server-Timing": f"loop;dur={milliseconds}"})

    return answer


class TestWork:
    async def test_requests_that_cost_much_count_as_many(self, shared: Any, upstream: Any) -> None:
        upstream.answer = costing(1000)
        assert (await shared.call("GET", LIST))[0] == 200
        status, headers, body = await shared.call("GET", LIST)
        assert (status, json.loads(body)["type"]) == (429, "/problems/too-many-requests")
        assert 1 <= int(headers["retry-after"]) <= 30
        assert (await shared.call("GET", LIST, token=await token_of(shared, ANOTHER)))[0] == 200

    async def test_usual_ones_count_as_one(self, shared: Any, upstream: Any) -> None:
        upstream.answer = costing(1)
        assert {(await shared.call("GET", LIST))[0] for _ in range(BURST // 2)} == {200}

    async def test_what_a_service_costs_is_told_to_nobody(self, shared: Any, upstream: Any) -> None:
        upstream.answer = costing(1)
        assert "server-timing" not in (await shared.call("GET", LIST))[1]

    async def test_those_that_wait_are_refused_when_those_before_them_cost_too_much(
        self, shared: Any, upstream: Any
    ) -> None:
        upstream.answer = costing(1000)
        answers = await asyncio.gather(*(shared.call("GET", LIST) for _ in range(BURST // 2)))
        assert [status for status, _, _ in answers].count(200) == AT_ONCE == len(upstream.requests)


class Held:
    """An upstream that answers when it is told to."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.inside = self.most = 0

    async def has(self, requests: int) -> None:
        """Wait until so many are inside."""

        async def inside() -> int:
            return self.inside

        await eventually(inside, lambda number: number >= requests)

    async def __call__(self, _: web.Request) -> web.Response:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.released.wait()
        self.inside -= 1
        return web.json_response({})


class TestAtOnce:
    async def test_more_requests_wait_and_are_all_answered(self, few_at_once: Any, upstream: Any) -> None:
        upstream.answer = held = Held()
        many = [asyncio.create_task(few_at_once.call("GET", LIST)) for _ in range(4 * AT_ONCE)]
        await held.has(AT_ONCE)
        another = asyncio.create_task(few_at_once.call("GET", LIST, token=await token_of(few_at_once, ANOTHER)))
        await held.has(AT_ONCE + 1)  # somebody else does not wait behind them
        held.released.set()
        assert {status for status, _, _ in await asyncio.gather(*many, another)} == {200}
        assert held.most == AT_ONCE + 1

    async def test_a_client_that_leaves_makes_room(self, few_at_once: Any, upstream: Any) -> None:
        upstream.answer = held = Held()
        many = [asyncio.create_task(few_at_once.call("GET", LIST)) for _ in range(AT_ONCE)]
        await held.has(AT_ONCE)
        for task in many:
            task.cancel()
        held.released.set()
        assert (await few_at_once.call("GET", LIST))[0] == 200

    async def test_open_streams_are_none_of_them(self, few_at_once: Any, upstream: Any) -> None:
        async def support(_: web.Request) -> web.Response:
            return web.json_response({"org_id": str(PERSON), "member_id": str(PERSON)})

        upstream.answer = support
        headers = {"Authorization": f"Bearer {few_at_once.token}"}
        streams = [
            await few_at_once.session.get(f"{few_at_once.url}/api/orgs/brightside/events", headers=headers)
            for _ in range(2 * AT_ONCE)
        ]
        assert {stream.status for stream in streams} == {200}
        assert (await few_at_once.call("GET", LIST))[0] == 200
        for stream in streams:
            stream.close()
