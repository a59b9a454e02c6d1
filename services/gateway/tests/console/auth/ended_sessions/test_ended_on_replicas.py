"""Two gateways on one broker: what one of them ends is over for the other, and stays over when one starts again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from opsdash_chassis.kafka.topics import create_topics

from services.gateway.tests.sign_in import AUDIENCE, SECRET, Provider, session_of, sign_in
from tests.support.brokers import PARTITIONS, Broker, broker_of_its_own
from tests.support.fixtures import ServiceFactory
from tests.support.http_servers import TestIssuer
from tests.support.live_stream import LiveClient, agreeing_upstream, lone_gateway_environment
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.web_clients import Browser, Page

#: Where people are told the gateways are; each listens on a port of its own.
ORIGIN = "http://127.0.0.1"


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_of_its_own(tmp_path) as server:
        yield server


@dataclass
class Replicas:
    """Both, and browsers on them."""

    first: ServiceProcess
    second: ServiceProcess
    provider: Provider
    http: aiohttp.ClientSession

    async def signed_in(self) -> Browser:
        browser = Browser(self.http, self.first.url)
        assert await sign_in(browser, self.provider) == 303
        return browser

    def on(self, gateway: ServiceProcess, browser: Browser) -> Browser:
        """One with copies of its cookies."""
        return Browser(self.http, gateway.url, dict(browser.cookies))

    async def lets_in(self, gateway: ServiceProcess, browser: Browser) -> bool:
        page = await self.on(gateway, browser).get("/")
        assert page.status == 303, page.text
        return not page.location.startswith("/en/sign-in")

    async def refused_by(self, gateway: ServiceProcess, browser: Browser) -> None:
        async def let_in() -> bool:
            return await self.lets_in(gateway, browser)

        await eventually(let_in, lambda answer: not answer)

    async def sign_out(self, browser: Browser) -> Page:
        form = {"csrf_token": session_of(browser).csrf_token}
        return await browser.post("/sign-out", form, Origin=ORIGIN)


@pytest.fixture
async def replicas(
    kafka: Broker, issuer: TestIssuer, provider: Provider, start_service: ServiceFactory
) -> AsyncIterator[Replicas]:
    async with agreeing_upstream() as upstream, aiohttp.ClientSession() as http:
        own = {
            "OPSDASH_OIDC_ISSUER": provider.url,
            "OPSDASH_OIDC_JWKS_URL": f"{provider.url}/keys",
            "OPSDASH_OIDC_AUDIENCE": AUDIENCE,
            "OPSDASH_SESSION_SECRET": SECRET,
        }
        first, second = (
            start_service("gateway", lone_gateway_environment(kafka, issuer, upstream) | own) for _ in range(2)
        )
        yield Replicas(await first.ready(), await second.ready(), provider, http)


async def test_a_copied_cookie_is_refused_everywhere_after_signing_out(replicas: Replicas) -> None:
    browser, other = await replicas.signed_in(), await replicas.signed_in()
    copy = replicas.on(replicas.first, browser)
    assert await replicas.lets_in(replicas.second, copy)
    cookies = "; ".join(f"{name}={value}" for name, value in copy.cookies.items())
    stream = f"{replicas.second.url}/en/org/ours/support/stream"
    async with LiveClient(stream, {"Cookie": cookies}) as reader:
        await reader.started()
        assert (await replicas.sign_out(browser)).location == "/signed-out"
        assert not await replicas.lets_in(replicas.first, copy)
        await replicas.refused_by(replicas.second, copy)
        await reader.ended.wait()
    assert await replicas.lets_in(replicas.second, other)


async def test_the_provider_tells_one_and_all_know(replicas: Replicas) -> None:
    replicas.provider.id_claims = {"sid": "one"}
    browser = await replicas.signed_in()
    token = {"logout_token": replicas.provider.logout_token(sid="one")}
    async with replicas.http.post(f"{replicas.second.url}/sign-out/back-channel", data=token) as answer:
        assert answer.status == 200
    assert not await replicas.lets_in(replicas.second, browser)
    await replicas.refused_by(replicas.first, browser)


async def test_a_replica_that_starts_again_still_refuses_it(replicas: Replicas) -> None:
    browser, other = await replicas.signed_in(), await replicas.signed_in()
    copy = replicas.on(replicas.first, browser)
    await replicas.sign_out(browser)
    for gateway in (replicas.first, replicas.second):
        gateway.sigkill()
        await gateway.start().ready()
        assert not await replicas.lets_in(gateway, copy), "ready means it has read what ended"
        assert await replicas.lets_in(gateway, other)


async def test_without_the_broker_it_says_so_and_the_other_learns_of_it_afterwards(
    replicas: Replicas, kafka: Broker
) -> None:
    browser, other = await replicas.signed_in(), await replicas.signed_in()
    copy = replicas.on(replicas.first, browser)
    kafka.kill()
    page = await replicas.sign_out(browser)
    assert page.status == 200
    assert "somebody who has copied this session could still use it" in page.text
    assert not browser.cookies.keys() & copy.cookies.keys() - {"opsdash-locale"}
    assert not await replicas.lets_in(replicas.first, copy)
    assert await replicas.lets_in(replicas.second, copy), "it goes on with what it knows"
    status, text = await replicas.first.readiness()
    assert (status, "1 endings are not told yet" in text) == (200, True)
    replicas.first.sigstop()  # the embedded broker makes a topic, with one partition, for whoever asks for it
    replicas.second.sigstop()
    kafka.start()
    await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS)
    replicas.first.sigcont()
    replicas.second.sigcont()
    await replicas.refused_by(replicas.second, copy)
    assert await replicas.lets_in(replicas.second, other)


async def test_one_that_starts_without_the_broker_takes_no_session_from_before(
    replicas: Replicas, kafka: Broker
) -> None:
    """It cannot know what has ended, so people sign in again; those who do are let in by both."""
    browser = await replicas.signed_in()
    kafka.kill()
    replicas.second.sigkill()
    await replicas.second.start().ready()
    assert not await replicas.lets_in(replicas.second, browser)
    assert await replicas.lets_in(replicas.first, browser)
    again = await replicas.signed_in()
    assert await replicas.lets_in(replicas.second, again)
    assert await replicas.lets_in(replicas.first, again)
