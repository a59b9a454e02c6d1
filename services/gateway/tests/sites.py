"""A site of two pages behind the browser session, and somebody who is signed in to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Litestar, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.testing import TestClient
from opsdash_chassis.http.errors.exceptions import exception_handlers
from opsdash_chassis.http.requests.request_limits import RequestLimits
from opsdash_chassis.http.requests.requests import BoundedRequest
from opsdash_chassis.http.security.authentication import Authenticator
from opsdash_chassis.http.security.tokens import Caller, InvalidToken
from opsdash_gateway.console.auth.ended_sessions.marks import SessionMarks
from opsdash_gateway.console.auth.ended_sessions.register import EndedSessions
from opsdash_gateway.console.auth.session import (
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

OLD = "Ol4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
NEW = "Ne4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
ORIGIN = "https://support.example.test"
USER = UUID("11111111-1111-4111-8111-111111111111")
MARKS = SessionMarks(UUID(int=1), UUID(int=2), issued_at=1.0, provider_session=UUID(int=3))
SESSION = WebSession(USER, "Ada", "good", "csrf-" * 6, MARKS, refresh_token="again")


class Tokens:
    """Accepts the access tokens it is told to."""

    def __init__(self, *good: str) -> None:
        self.good = set(good)

    async def verify(self, token: str) -> Caller:
        if token not in self.good:
            raise InvalidToken("not good")
        return Caller(user_id=USER, token=token, expires_at=0)


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
