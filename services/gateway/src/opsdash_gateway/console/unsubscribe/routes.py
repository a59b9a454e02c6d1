"""The page behind the link in a mail: it asks, and a POST turns the mails off (RFC 8058). The notifications service
knows by the link's signature whose mails, and which.
"""

from __future__ import annotations

import re
from html import escape
from http import HTTPStatus
from typing import Final
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_http.errors.problems import Problem
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.types import HttpRequest, HttpResponse, RouteOptions

from opsdash_gateway.console.auth.standalone_page import language, standalone_page
from opsdash_gateway.console.i18n.languages import N_
from opsdash_gateway.console.i18n.locales import DEFAULT_LOCALE, LOCALES, locale_of
from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.client import Upstreams

PATH: Final = "/unsubscribe"
_LINK: Final = f"{PATH}/{{user_id:uuid}}/{{names:str}}/{{signature:str}}"
#: So that no value climbs to another route.
_VALUES: Final = re.compile(r"[a-z_,]{1,300}/[A-Za-z0-9_-]{1,64}")
_OPT: Final[RouteOptions] = {"authentication": PUBLIC, "query_parameters": None}
#: Mail providers send a form of one field, encoded in either way; there is nothing to read in it.
_FORM: Final[RouteOptions] = _OPT | {
    "media_types": ("application/x-www-form-urlencoded", "multipart/form-data"),
    "max_body_bytes": 16 * 1024,
}
_NO_LINK: Final = N_("It is not complete, or too old. You can turn mails off in the console too.")
_AWAY: Final = N_("A part of the service does not answer. Please try again in a moment.")


class _Linked(msgspec.Struct):
    """What the notifications service says of a link."""

    language: str
    kinds: list[str]


@get(_LINK, opt=_OPT)
async def ask_to_unsubscribe(
    request: HttpRequest,
    user_id: FromPath[UUID],
    names: FromPath[str],
    signature: FromPath[str],
    upstreams: NamedDependency[Upstreams],
) -> HttpResponse:
    """Changes nothing: programs that look at mails follow their links."""
    try:
        linked = await _linked(upstreams, user_id, names, signature)
    except Problem:
        return _failed(request, _AWAY, HTTPStatus.SERVICE_UNAVAILABLE)
    if linked is None:
        return _failed(request, _NO_LINK, HTTPStatus.NOT_FOUND)
    said = language(_known(linked))
    body = f'{_kinds(linked)}<form method="post"><button>{escape(said.text("Turn them off"))}</button></form>'
    return standalone_page(said.text("Turn off mails about these?"), body, locale=_known(linked))


@post(_LINK, opt=_FORM, status_code=200)
async def unsubscribe(
    request: HttpRequest,
    user_id: FromPath[UUID],
    names: FromPath[str],
    signature: FromPath[str],
    upstreams: NamedDependency[Upstreams],
) -> HttpResponse:
    """By the page's button, or by a mail provider's own."""
    try:
        linked = await _linked(upstreams, user_id, names, signature)
        if linked is None:
            return _failed(request, _NO_LINK, HTTPStatus.NOT_FOUND)
        answer = await _ask(upstreams, "POST", user_id, names, signature)
    except Problem:
        return _failed(request, _AWAY, HTTPStatus.SERVICE_UNAVAILABLE)
    if answer.status != HTTPStatus.NO_CONTENT:
        return _failed(request, _NO_LINK, HTTPStatus.NOT_FOUND)
    said = language(_known(linked))
    return standalone_page(said.text("You get no more mails about these"), _kinds(linked), locale=_known(linked))


async def _linked(upstreams: Upstreams, user_id: UUID, names: str, signature: str) -> _Linked | None:
    """None for a link that is not ours. Raises Problem when the upstream is away."""
    if not _VALUES.fullmatch(f"{names}/{signature}"):
        return None
    answer = await _ask(upstreams, "GET", user_id, names, signature)
    return msgspec.json.decode(answer.body, type=_Linked) if answer.status == HTTPStatus.OK else None


async def _ask(upstreams: Upstreams, method: str, user_id: UUID, names: str, signature: str) -> Answer:
    return await upstreams.notifications.forward(method, f"{PATH}/{user_id}/{names}/{signature}", headers={})


def _known(linked: _Linked) -> str:
    return linked.language if linked.language in LOCALES else DEFAULT_LOCALE


def _kinds(linked: _Linked) -> str:
    return f"<ul>{''.join(f'<li>{escape(kind)}</li>' for kind in linked.kinds)}</ul>"


def _failed(request: HttpRequest, text: str, status: HTTPStatus) -> HttpResponse:
    locale = locale_of(request)
    said = language(locale)
    body = f"<p>{escape(said.text(text))}</p>"
    return standalone_page(said.text("This link does not work"), body, locale=locale, status=status)


unsubscribe_routes = Router("/", route_handlers=[ask_to_unsubscribe, unsubscribe], include_in_schema=False)
