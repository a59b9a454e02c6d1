"""The console's sign-in with a real Keycloak: in, on after the access token has run out, new keys, and out again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import msgspec
import pytest
from opsdash_chassis.kafka.topics import create_topics
from opsdash_gateway.console.auth.session import SessionCookies, WebSession
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.ports import free_port

from tests.clients.conftest import PASSWORD, PERSON_ID, USERNAME, Keycloak, unpacked
from tests.clients.generators import JAVA
from tests.support.brokers import PARTITIONS, Broker
from tests.support.http_servers import TestIssuer
from tests.support.live_stream import agreeing_upstream, lone_gateway_environment
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stack import SESSION_SECRET
from tests.support.web_clients import Browser, Page

pytestmark = pytest.mark.needs(JAVA)
COOKIES = SessionCookies(SESSION_SECRET)
_LOGIN_FORM = re.compile(r'<form id="kc-form-login"[^>]* action="([^"]+)"')


@dataclass
class Visitor:
    """A browser: what it keeps for the console, and what for Keycloak."""

    console: Browser
    provider: Browser

    async def sign_in(self) -> None:
        form = await self._at_the_provider()
        action = _LOGIN_FORM.search(form.text)
        assert action, form.text[:2000]
        back = await self.provider.post(unescape(action[1]), {"username": USERNAME, "password": PASSWORD})
        page = await self.console.get(back.location)
        assert page.status == 303, page.text
        assert await self.is_let_in()

    async def is_known_to_the_provider(self) -> bool:
        """Whether it would sign in again without asking for a password."""
        return (await self._at_the_provider()).status in {302, 303}

    async def is_let_in(self) -> bool:
        page = await self.console.get("/")
        return not page.location.startswith("/en/sign-in")

    async def renewed(self) -> bool:
        """Comes with an access token that is good no more; whether it got another one."""
        stale = msgspec.structs.replace(self.session, access_token="has run out")
        kept = self.console.cookies | {item.key: item.value or "" for item in COOKIES.write(stale)}
        self.console.cookies = {name: value for name, value in kept.items() if value}
        return await self.is_let_in() and self.session.access_token != stale.access_token

    async def sign_out(self) -> Page:
        return await self.console.post("/sign-out", {"csrf_token": self.session.csrf_token})

    def copy(self) -> Visitor:
        """Somebody who has copied the console's cookies."""
        console = Browser(self.console.http, self.console.url, dict(self.console.cookies))
        return Visitor(console, Browser(self.provider.http, self.provider.url))

    @property
    def session(self) -> WebSession:
        session = COOKIES.read(self.console.cookies)
        assert session is not None
        return session

    @property
    def provider_session(self) -> str:
        claims = jwt.decode(self.session.access_token, options={"verify_signature": False})
        return str(claims["sid"])

    async def _at_the_provider(self) -> Page:
        return await self.provider.get((await self.console.get("/en/sign-in")).location)


@dataclass
class Scene:
    """Keycloak, and a gateway that is its client."""

    keycloak: Keycloak
    gateway: ServiceProcess
    http: aiohttp.ClientSession

    def visitor(self) -> Visitor:
        return Visitor(Browser(self.http, self.gateway.url), Browser(self.http, self.keycloak.url))


@pytest.fixture(scope="module")
async def kafka(kafka_server: EmbeddedKafka) -> Broker:
    await create_topics(kafka_server.bootstrap_servers, partitions=PARTITIONS)
    return kafka_server


@pytest.fixture(scope="module")
async def scene(kafka: Broker, issuer: TestIssuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("keycloak")
    keycloak = Keycloak(await asyncio.to_thread(unpacked, folder), free_port())
    own = {
        "OPSDASH_HTTP_PORT": str(free_port()),
        "OPSDASH_OIDC_ISSUER": keycloak.issuer,
        "OPSDASH_OIDC_JWKS_URL": keycloak.jwks_url,
    }
    url = f"http://127.0.0.1:{own['OPSDASH_HTTP_PORT']}"
    async with agreeing_upstream() as owner, aiohttp.ClientSession() as http:
        settings = lone_gateway_environment(kafka, issuer, owner) | own | {"OPSDASH_PUBLIC_URL": url}
        try:
            keycloak.start(url)
            await keycloak.ready()
            with ServiceProcess("gateway", settings, folder) as gateway:
                yield Scene(keycloak, await gateway.ready(), http)
        finally:
            keycloak.stop()


async def test_a_person_signs_in_goes_on_after_the_token_ran_out_and_signs_out_of_both(scene: Scene) -> None:
    ada = scene.visitor()
    await ada.sign_in()
    assert (str(ada.session.user_id), ada.session.name) == (PERSON_ID, "Ada Keller")
    assert ada.session.marks.provider_session is not None, "its ID token has a sid"
    assert await ada.renewed()
    copy = ada.copy()
    assert await copy.is_let_in()
    page = await ada.sign_out()
    link = re.search(r'<p><a href="([^"]+)"', page.text)
    assert link, page.text
    address = unescape(link[1])
    assert "id_token_hint" in parse_qs(urlsplit(address).query)
    assert await ada.is_known_to_the_provider()
    back = await ada.provider.get(address)
    assert back.location == f"{scene.gateway.url}/signed-out", "it does not ask whether they are sure"
    assert not await ada.is_known_to_the_provider()
    assert not await copy.is_let_in()


async def test_keys_that_were_replaced_are_fetched_and_sign_nobody_out_for_long(scene: Scene) -> None:
    ada = scene.visitor()
    await ada.sign_in()
    before = jwt.get_unverified_header(ada.session.access_token)["kid"]
    await scene.keycloak.rotate_keys()
    # Keys are asked for once in 30 s at most, whatever comes.
    await eventually(ada.renewed)
    assert jwt.get_unverified_header(ada.session.access_token)["kid"] != before
    await scene.visitor().sign_in()


async def refused(visitor: Visitor) -> None:
    async def let_in() -> bool:
        return await visitor.is_let_in()

    await eventually(let_in, lambda answer: not answer)


async def test_a_session_that_keycloak_ends_is_over_here(scene: Scene) -> None:
    ada, at_home = scene.visitor(), scene.visitor()
    await ada.sign_in()
    await at_home.sign_in()
    copy = ada.copy()
    await scene.keycloak.end_session(ada.provider_session)
    await refused(copy)
    assert not await ada.is_let_in()
    assert await at_home.is_let_in()
    await scene.keycloak.end_session(at_home.provider_session)
    await refused(at_home)
    assert "session_ended_by_provider" in scene.gateway.logs()
    assert "logout_token_refused" not in scene.gateway.logs()


async def test_with_logout_tokens_that_name_no_session_all_of_a_person_end(scene: Scene) -> None:
    await scene.keycloak.name_sessions_in_logout_tokens(named=False)
    ada, at_home = scene.visitor(), scene.visitor()
    await ada.sign_in()
    await at_home.sign_in()
    await scene.keycloak.end_all_sessions()
    await refused(ada)
    await refused(at_home)
