"""Gateways on one broker: a person's limit is the documented one, however many of them there are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import pytest

from tests.support.brokers import Broker, broker_of_its_own, start_again
from tests.support.fixtures import ServiceFactory
from tests.support.http_servers import TestIssuer
from tests.support.live_stream import agreeing_upstream, lone_gateway_environment
from tests.support.measurements import BURST, PER_SECOND, Ask, ask_too_much, eventually, has_what_is_allowed
from tests.support.service_process import ServiceProcess

pytestmark = pytest.mark.kafka

LIMIT = {
    "OPSDASH_USER_REQUESTS_PER_SECOND": str(PER_SECOND),
    "OPSDASH_USER_REQUEST_BURST": str(BURST),
    "OPSDASH_REPLICAS": "6",  # of the manifests of an earlier release
}


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_of_its_own(tmp_path) as server:
        yield server


class Gateways:
    """So many, and people who ask them."""

    def __init__(self, processes: list[ServiceProcess], issuer: TestIssuer, http: aiohttp.ClientSession) -> None:
        self.processes = processes
        self._issuer = issuer
        self._http = http

    def asked_by(self, person: UUID) -> list[Ask]:
        return [self._ask(process, person) for process in self.processes]

    def _ask(self, process: ServiceProcess, person: UUID) -> Ask:
        headers = self._issuer.authorization(person)

        async def ask() -> bool:
            async with self._http.get(f"{process.url}/api/me", headers=headers) as answer:
                assert answer.status in {200, 429}, await answer.text()
                assert answer.headers["RateLimit-Policy"] == '"person";q=20;w=2'
                return answer.status == 200

        return ask

    async def say(self, text: str) -> None:
        for process in self.processes:
            await eventually(process.readiness, lambda answer: text in answer[1])


@pytest.fixture(params=[1, 2])
async def gateways(
    request: pytest.FixtureRequest, kafka: Broker, issuer: TestIssuer, start_service: ServiceFactory
) -> AsyncIterator[Gateways]:
    async with agreeing_upstream() as upstream, aiohttp.ClientSession() as http:
        processes = [
            start_service("gateway", lone_gateway_environment(kafka, issuer, upstream) | LIMIT)
            for _ in range(request.param)
        ]
        for process in processes:
            await process.ready()
        gateways = Gateways(processes, issuer, http)
        await gateways.say("counts with the other replicas")
        yield gateways


async def test_a_person_has_the_whole_limit_and_no_more(gateways: Gateways) -> None:
    assert all("setting_not_read" in process.logs() for process in gateways.processes)
    await asyncio.gather(
        has_what_is_allowed(gateways.asked_by(uuid4())), has_what_is_allowed(gateways.asked_by(uuid4())[:1])
    )


@pytest.mark.parametrize("gateways", [2], indirect=True)
async def test_the_broker_may_go_and_come_back(gateways: Gateways, kafka: Broker) -> None:
    kafka.kill()
    await has_what_is_allowed(gateways.asked_by(uuid4())[:1])
    await gateways.say("counts alone: waits for kafka")
    await start_again(kafka, *gateways.processes)
    await gateways.say("counts with the other replicas")
    # A broker that has just started may take longer for the first report than that is worth something: it is dropped.
    await ask_too_much(gateways.asked_by(uuid4()), patience=15)
    await has_what_is_allowed(gateways.asked_by(uuid4()))
