"""A gateway whose clock is far from the database's refuses good tokens, so it says so and takes no requests."""

from __future__ import annotations

import json
from datetime import timedelta

from services.gateway.tests.conftest import FakeUpstream, Gateway, StartGateway
from tests.support.measurements import eventually


async def clock_of(gateway: Gateway) -> str:
    """What readiness says about the clock, once it has been compared."""

    async def compared() -> str:
        _, _, body = await gateway.call("GET", "/readyz", token="")
        answer = json.loads(body)
        checks = {check["name"]: check["detail"] for check in answer.get("checks", [])}
        return str(checks.get("clock", answer.get("detail", "")))

    return await eventually(compared, lambda text: text != "+0.0 s from the database's" or not text)


async def test_beyond_the_leeway_it_is_not_ready(upstream: FakeUpstream, start_gateway: StartGateway):
    upstream.clock_ahead = timedelta(minutes=90)
    gateway = await start_gateway(tickets_url=upstream.url)
    assert "clock: the clock of this machine is 5400 s behind the database's" in await clock_of(gateway)
    assert (await gateway.call("GET", "/readyz", token=""))[0] == 503


async def test_within_it_it_is_ready_and_says_how_far(upstream: FakeUpstream, start_gateway: StartGateway):
    upstream.clock_ahead = timedelta(seconds=20)
    gateway = await start_gateway(tickets_url=upstream.url)
    assert (await clock_of(gateway)).startswith(("-20.", "-19."))


async def test_without_an_answer_it_stays_as_it_is(start_gateway: StartGateway):
    gateway = await start_gateway()
    assert (await gateway.call("GET", "/readyz", token=""))[0] == 200
