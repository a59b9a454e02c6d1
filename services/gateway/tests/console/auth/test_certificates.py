"""TLS on both sides of the gateway: a provider with a certificate of one's own authority, and a proxy in front."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from opsdash_local.ports import free_port

from services.gateway.tests.sign_in import AUDIENCE, SECRET, Provider, session_of, sign_in
from tests.support.brokers import new_broker
from tests.support.fixtures import ServiceFactory
from tests.support.http_servers import Authority, TestIssuer, encrypted, make_authority
from tests.support.live_stream import agreeing_upstream, lone_gateway_environment
from tests.support.service_process import ServiceProcess
from tests.support.web_clients import Browser


@dataclass
class Encrypted:
    """A provider behind TLS, and what a gateway behind a TLS proxy of its own is started with."""

    authority: Authority
    settings: dict[str, str]
    public_url: str

    def people(self) -> aiohttp.ClientSession:
        """Whose browsers trust the authority."""
        context = ssl.create_default_context(cafile=self.authority.root)
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))

    def browser(self, http: aiohttp.ClientSession) -> Browser:
        return Browser(http, self.public_url)


@pytest.fixture
async def behind_tls(provider: Provider, issuer: TestIssuer, tmp_path: Path) -> AsyncIterator[Encrypted]:
    authority = make_authority(tmp_path)
    provider_port, gateway_port, public_port = free_port(), free_port(), free_port()
    plain_port = int(provider.url.rpartition(":")[2])
    provider.url, public_url = f"https://127.0.0.1:{provider_port}", f"https://127.0.0.1:{public_port}"
    absent = new_broker(tmp_path)
    async with agreeing_upstream() as upstream:
        settings = lone_gateway_environment(absent, issuer, upstream) | {
            "OPSDASH_HTTP_PORT": str(gateway_port),
            "OPSDASH_PUBLIC_URL": public_url,
            "OPSDASH_OIDC_ISSUER": provider.url,
            "OPSDASH_OIDC_JWKS_URL": f"{provider.url}/keys",
            "OPSDASH_OIDC_AUDIENCE": AUDIENCE,
            "OPSDASH_SESSION_SECRET": SECRET,
        }
        with contextlib.ExitStack() as proxies:
            proxies.enter_context(encrypted(plain_port, provider_port, authority.server))
            proxies.enter_context(encrypted(gateway_port, public_port, authority.server))
            yield Encrypted(authority, settings, public_url)


async def started(start_service: ServiceFactory, settings: dict[str, str]) -> ServiceProcess:
    """Fresh: the authorities are read when a process imports its HTTP client."""
    return await start_service("gateway", settings, fresh=True).ready()


async def test_the_authorities_of_ssl_cert_file_are_trusted(
    behind_tls: Encrypted, provider: Provider, start_service: ServiceFactory
) -> None:
    await started(start_service, behind_tls.settings | {"SSL_CERT_FILE": str(behind_tls.authority.root)})
    async with behind_tls.people() as http:
        browser = behind_tls.browser(http)
        query = parse_qs(urlsplit((await browser.get("/en/sign-in")).location).query)
        assert query["redirect_uri"] == [f"{behind_tls.public_url}/sign-in/callback"]
        assert await sign_in(browser, provider) == 303
        form = {"csrf_token": session_of(browser).csrf_token}
        assert (await browser.post("/sign-out", form, Origin="https://127.0.0.1")).status == 403
        assert (await browser.post("/sign-out", form)).status == 200


async def test_another_authority_is_not_believed_and_the_log_says_so(
    behind_tls: Encrypted, start_service: ServiceFactory
) -> None:
    gateway = await started(start_service, behind_tls.settings)
    async with behind_tls.people() as http:
        assert (await behind_tls.browser(http).get("/en/sign-in")).status == 503
    assert "certificate verify failed" in gateway.logs()
