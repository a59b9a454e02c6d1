"""Sign-in under test: an identity provider with adjustable answers, and an application behind the browser session."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from litestar import Litestar, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.testing import TestClient
from opsdash_gateway.console.auth.ended_sessions.marks import SessionMarks
from opsdash_gateway.console.auth.ended_sessions.register import EndedSessions
from opsdash_gateway.console.auth.session import (
    COOKIE,
    FORM,
    PAGE,
    SIGNED_IN,
    SessionCookies,
    SignedIn,
    WebSession,
    provide_session,
)
from opsdash_gateway.console.auth.sign_in_redirect import SIGN_IN_HANDLERS
from opsdash_gateway.console.shell.page_headers import PAGE_HEADERS
from opsdash_http.errors.exceptions import exception_handlers
from opsdash_http.requests.request_limits import RequestLimits
from opsdash_http.requests.requests import BoundedRequest
from opsdash_http.security.authentication import Authenticator
from opsdash_http.security.tokens import Caller, InvalidToken

from tests.support.web_clients import Browser, Page

USER = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
CLIENT, AUDIENCE = "opsdash-console", "opsdash-support"
SECRET = "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """A provider whose every answer a test can bend."""

    url: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    id_claims: dict[str, Any] = field(default_factory=dict)
    id_header: dict[str, Any] = field(default_factory=dict)
    id_key: Any = KEY
    id_algorithm: str = "RS256"
    access_seconds: int = 600
    access_subject: str = USER
    access_claims: dict[str, Any] = field(default_factory=dict)
    access_type: str = "at+jwt"
    answer: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    nonce: str = ""
    calls: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)

    def sign(self, claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", **header: Any) -> str:
        now = int(time.time())
        merged = {"iss": self.url, "sub": USER, "iat": now, "exp": now + 600, **claims}
        merged = {name: value for name, value in merged.items() if value is not None}
        return jwt.encode(merged, key, algorithm=algorithm, headers={"kid": "k", **header})

    def logout_token(self, key: Any = KEY, algorithm: str = "RS256", **changes: Any) -> str:
        """Signed as the standard says; a claim that is None is left out."""
        header = changes.pop("header", {"typ": "logout+jwt"})
        event: dict[str, object] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        claims = {"aud": CLIENT, "jti": str(uuid4()), "events": event, **changes}
        return self.sign(claims, key, algorithm, **header)

    async def describe(self, _: web.Request) -> web.Response:
        base = self.url.rstrip("/")
        own = {"issuer": self.url, "authorization_endpoint": f"{base}/go", "token_endpoint": f"{base}/token"}
        return web.json_response({**own, **self.metadata})

    async def keys(self, _: web.Request) -> web.Response:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return web.json_response({"keys": [{**key, "kid": "k", "use": "sig", "alg": "RS256"}]})

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.calls.append((form, {name.lower(): value for name, value in request.headers.items()}))
        access = {"aud": AUDIENCE, "sub": self.access_subject, "exp": int(time.time()) + self.access_seconds}
        access |= self.access_claims
        identity = {"aud": CLIENT, "nonce": self.nonce, "name": "Ada", **self.id_claims}
        body = {
            "access_token": self.sign(access, typ=self.access_type, serial=len(self.calls)),
            "token_type": "Bearer",
            "id_token": self.sign(identity, self.id_key, self.id_algorithm, **self.id_header),
            **self.answer,
        }
        return web.json_response({k: v for k, v in body.items() if v is not None}, status=self.status)


@contextlib.asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    made = Provider()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.describe)
    app.router.add_get("/keys", made.keys)
    app.router.add_post("/token", made.token)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def sign_in(browser: Browser, provider: Provider, **back: str) -> int:
    """The status of the way back: 303 is in, anything else is not."""
    return (await come_back(browser, provider, **back)).status


async def come_back(browser: Browser, provider: Provider, **back: str) -> Page:
    query = parse_qs(urlsplit((await browser.get("/en/sign-in")).location).query)
    provider.nonce = query["nonce"][0]
    page = await browser.get("/sign-in/callback?" + urlencode({"code": "c", "state": query["state"][0], **back}))
    assert (page.status == 303) == (COOKIE in browser.cookies)
    return page


def session_of(browser: Browser) -> WebSession:
    session = SessionCookies(SECRET).read(browser.cookies)
    assert session is not None
    return session


OLD = "Ol4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
NEW = "Ne4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
ORIGIN = "https://support.example.test"
SESSION_USER = UUID("11111111-1111-4111-8111-111111111111")
MARKS = SessionMarks(UUID(int=1), UUID(int=2), issued_at=1.0, provider_session=UUID(int=3))
SESSION = WebSession(SESSION_USER, "Ada", "good", "csrf-" * 6, MARKS, refresh_token="again")


class Tokens:
    """Accepts the access tokens it is told to."""

    def __init__(self, *good: str) -> None:
        self.good = set(good)

    async def verify(self, token: str) -> Caller:
        if token not in self.good:
            raise InvalidToken("not good")
        return Caller(user_id=SESSION_USER, token=token, expires_at=0)


@get("/{locale:str}/page", opt=PAGE)
async def page(session: NamedDependency[WebSession]) -> str:
    return session.name


@post("/{locale:str}/page", opt=FORM)
async def send(session: NamedDependency[WebSession]) -> str:
    return session.access_token


@get("/html", media_type="text/html", opt={"authentication": "public"})
async def html() -> str:
    return "<p>"


@dataclass
class Site:
    """A site of two pages, and the cookies of somebody who is signed in."""

    client: TestClient[Any]
    kept: SessionCookies

    def get(self, path: str = "/en/page", **headers: str) -> Any:
        return self.client.get(path, headers=headers, follow_redirects=False)

    def post(self, *, data: dict[str, str] | None = None, **headers: str) -> Any:
        sent = {"Origin": ORIGIN, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.post("/en/page", data=data, headers={k: v for k, v in sent.items() if v})


def _never(_: SessionMarks, __: float) -> bool:
    return False


def site(
    renew: Any = None, good: tuple[str, ...] = ("good",), secret: str = NEW, ended: EndedSessions | None = None
) -> Site:
    kept = SessionCookies(secret)
    auth_schemes = {SIGNED_IN: SignedIn(kept, origin=ORIGIN, is_ended=ended.is_over if ended else _never, renew=renew)}
    authenticator = Authenticator(Tokens(*good), auth_schemes=auth_schemes)  # type: ignore[arg-type]
    app = Litestar(
        [Router("/", route_handlers=[page, send, html], exception_handlers=SIGN_IN_HANDLERS)],
        dependencies={"session": Provide(provide_session)},
        before_request=authenticator.authenticate,
        exception_handlers=exception_handlers(),
        request_class=BoundedRequest,
        openapi_config=None,
    )
    asgi: Any = RequestLimits(app, transport_security=True, page_headers=PAGE_HEADERS)  # type: ignore[arg-type]
    return Site(TestClient(asgi, base_url=ORIGIN), kept)


def signed_in(session: WebSession = SESSION, **options: Any) -> Site:
    made = site(**options)
    for item in made.kept.write(session):
        if item.value:
            made.client.cookies.set(item.key, item.value)
    return made
