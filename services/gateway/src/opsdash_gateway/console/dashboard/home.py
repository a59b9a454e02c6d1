"""The root, and the choice of a language."""

from __future__ import annotations

from html import escape
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Redirect
from opsdash_http.types import HttpRequest, HttpResponse

from opsdash_gateway.console.auth.addresses import safe_next
from opsdash_gateway.console.auth.session import PAGE, WebSession
from opsdash_gateway.console.auth.sign_in import PUBLIC_ROUTE, locale_cookie
from opsdash_gateway.console.auth.sign_in_redirect import SIGN_IN_HANDLERS
from opsdash_gateway.console.auth.standalone_page import language, standalone_page
from opsdash_gateway.console.i18n.locales import known_locale, locale_of
from opsdash_gateway.upstream.client import Upstreams


class _Org(msgspec.Struct):
    slug: str
    plate: str


class _Me(msgspec.Struct):
    user_id: UUID
    orgs: list[_Org]


@get("/", opt=PAGE, status_code=303)
async def home(
    request: HttpRequest, session: NamedDependency[WebSession], upstreams: NamedDependency[Upstreams]
) -> HttpResponse:
    """To the workspace of whoever is signed in; the first that has Support, when there are several."""
    headers = {"authorization": f"Bearer {session.access_token}"}
    answer = await upstreams.tickets.forward("GET", "/me", headers=headers)
    orgs = msgspec.json.decode(answer.body, type=_Me).orgs
    locale = locale_of(request)
    if not orgs:
        said = language(locale)
        text = said.text(
            "You are signed in, but you do not belong to a workspace yet. Ask an admin of yours to add you."
        )
        return standalone_page(said.text("No workspace yet"), f"<p>{escape(text)}</p>", locale=locale)
    org = next((org for org in orgs if org.plate != "free"), orgs[0])
    return Redirect(f"/{locale}/org/{org.slug}/support", status_code=303)


@get("/{locale:str}/language", opt=PUBLIC_ROUTE, status_code=303)
async def choose_language(request: HttpRequest) -> Redirect:
    """Remember the language of this address and go to `next`."""
    locale = known_locale(request)
    return Redirect(
        safe_next(request.query_params.get("next")) or "/", status_code=303, cookies=[locale_cookie(locale)]
    )


home_routes = Router(
    "/", route_handlers=[home, choose_language], include_in_schema=False, exception_handlers=SIGN_IN_HANDLERS
)
