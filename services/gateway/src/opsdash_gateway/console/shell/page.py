"""One page request: who asks, in which language, about which workspace, and how its answer is rendered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from opsdash_chassis.text.moments import time_zones
from opsdash_http.errors.problems import Problem, not_found
from opsdash_http.types import HttpRequest

from opsdash_gateway.console.auth.session import WebSession
from opsdash_gateway.console.i18n.languages import Language
from opsdash_gateway.console.shell.html_response import html_response
from opsdash_gateway.console.shell.htmx import is_fragment
from opsdash_gateway.console.shell.rendering import Renderer
from opsdash_gateway.console.shell.setting_pages import SettingPage, offered
from opsdash_gateway.console.shell.upstream_schemas import (
    Me,
    Membership,
    Preferences,
    Support,
    TicketPage,
    Unread,
    Views,
    refusal,
)
from opsdash_gateway.live.hub import Hub
from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.channel_names import channel_names
from opsdash_gateway.upstream.client import Service, UpstreamClient, Upstreams
from opsdash_gateway.upstream.ticket_search import list_tickets

BAD_REQUEST: Final = 400
#: How long a page waits for the number at the bell: it is worth less than the page.
UNREAD_SECONDS: Final = 0.5
LOCKED: Final = "feature-not-available"
STATE: Final = "opsdash_page"
ZONE_COOKIE: Final = "opsdash-zone"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
Read = TypeVar("Read")


@dataclass
class Page:
    """What every handler of a page needs. `support` is absent only while a locked workspace is being told so."""

    request: HttpRequest
    renderer: Renderer
    upstreams: Upstreams
    hub: Hub
    session: WebSession
    language: Language
    slug: str
    known_support: Support | None = None
    views: Views | None = None
    membership: Membership | None = None
    preferences: Preferences = field(default_factory=Preferences)
    unread: int | None = None
    live_from: str = ""

    @property
    def locale(self) -> str:
        return self.language.code

    @property
    def base(self) -> str:
        return f"/{self.locale}/org/{self.slug}"

    @property
    def support(self) -> Support:
        if self.known_support is None:
            raise RuntimeError("this page has no support")
        return self.known_support

    @property
    def zone(self) -> str:
        """The reader's time zone, which a script of ours keeps in a cookie; empty until it has run."""
        named = self.request.cookies.get(ZONE_COOKIE, "")
        return named if named in time_zones() else ""

    @property
    def org_name(self) -> str:
        known = self.known_support or self.membership
        return known.name if known else ""

    @property
    def plate(self) -> str:
        known = self.known_support or self.membership
        return known.plate if known else "free"

    @property
    def role(self) -> str:
        known = self.known_support or self.membership
        return known.role if known else "viewer"

    @property
    def sends_notices(self) -> bool:
        """Whether this installation has the service that tells people."""
        return self.upstreams.notifications.is_installed

    @property
    def settings(self) -> list[SettingPage]:
        """The pages of settings that this person is offered."""
        return offered(self.role, self.upstreams)

    def may(self, action: str) -> bool:
        return self.known_support is not None and self.known_support.may(action)

    async def read(
        self,
        path: str,
        kind: type[Read],
        *,
        query: bytes = b"",
        service: Service = "tickets",
        seconds: float | None = None,
    ) -> Read:
        """GET below the workspace, decoded. Raises the upstream's problem."""
        answer = await self.send("GET", path, query=query, service=service, seconds=seconds)
        return msgspec.json.decode(answer.body, type=kind)

    async def read_tickets(self, query: bytes) -> TicketPage:
        """A page of the list; words are looked for in comments too. Raises the upstream's problem."""
        answer = await list_tickets(self.upstreams, f"/orgs/{self.slug}", query, self._caller())
        if answer.status >= BAD_REQUEST:
            raise refusal(answer.body, answer.headers)
        return msgspec.json.decode(answer.body, type=TicketPage)

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        query: bytes = b"",
        service: Service = "tickets",
        seconds: float | None = None,
    ) -> Answer:
        """Call an upstream below the workspace as this person. Raises the upstream's problem."""
        whole = f"/orgs/{self.slug}{path}"
        return await self.call(method, whole, body, headers, query=query, service=service, seconds=seconds)

    async def delete_ticket(self, number: int, headers: dict[str, str]) -> None:
        """Raises the upstream's problem."""
        path = f"/orgs/{self.slug}/tickets/{number}"
        await self.call("DELETE", path, headers=headers)
        await self.upstreams.hide_comments(path, self._caller())

    def _caller(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.session.access_token}"}

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        query: bytes = b"",
        service: Service = "tickets",
        seconds: float | None = None,
    ) -> Answer:
        """Call an upstream as this person, in no workspace. Raises the upstream's problem."""
        upstream: UpstreamClient = getattr(self.upstreams, service)
        sent = self._caller() | (headers or {})
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            sent["content-type"] = "application/json"
        answer = await upstream.forward(method, path, query=query, headers=sent, body=content, seconds=seconds)
        if answer.status >= BAD_REQUEST:
            raise refusal(answer.body, answer.headers)
        return answer

    async def load(self) -> None:
        """What the frame shows. A fragment has no frame, so it needs no counts. Raises the upstream's problem."""
        try:
            if is_fragment(self.request):
                self.known_support = await self.read("/support", Support)
            else:
                self.known_support, self.views, self.preferences, self.unread = await asyncio.gather(
                    self._read_support(), self.read("/views", Views), self._read_preferences(), self.count_unread()
                )
        except Problem as problem:
            if problem.code == LOCKED:
                answer = await self.call("GET", "/me")
                orgs = msgspec.json.decode(answer.body, type=Me).orgs
                self.membership = next((org for org in orgs if org.slug == self.slug), None)
            raise

    async def channel_names(self, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Of team channels; empty when the service does not say them in time."""
        return await channel_names(self.upstreams, self.slug, self._caller(), ids)

    async def count_unread(self) -> int | None:
        """How many rows of this person's inbox here are unread; None when the service does not say so in time."""
        try:
            found = await self.read("/inbox", Unread, query=b"limit=1", service="notifications", seconds=UNREAD_SECONDS)
        except (Problem, msgspec.DecodeError):
            return None
        return found.unread

    def inbox_changed(self) -> None:
        """This person has done something to their inbox: their other windows are told."""
        self.hub.inbox_changed(self.support.org_id, self.session.user_id)

    async def unread_now(self) -> dict[str, dict[str, int]]:
        """The event that corrects the bell, for `events`; empty when the number is not known."""
        unread = await self.count_unread()
        return {} if unread is None else {"unread": {"unread": unread}}

    async def _read_support(self) -> Support:
        """Notes where the live stream stands before anything else is read: what changes after that is in it."""
        support = await self.read("/support", Support)
        self.live_from = self.hub.feed(support.org_id).position
        return support

    async def _read_preferences(self) -> Preferences:
        answer = await self.call("GET", "/me/preferences")
        return msgspec.json.decode(answer.body, type=Preferences)

    def render(
        self, template: str, status: int = 200, headers: dict[str, str] | None = None, **context: Any
    ) -> Response[bytes]:
        """A page, or a fragment of one."""
        html = self.renderer.html(self.language, template, {"page": self, **context})
        return html_response(self.request, html, status, headers)


def find_language(request: HttpRequest, renderer: Renderer) -> Language:
    """Of the address; an unknown one is no page of ours. Raises 404."""
    language = renderer.languages.get(str(request.path_params.get("locale", "")))
    if language is None:
        raise not_found()
    return language


async def provide_page(
    request: HttpRequest,
    upstreams: NamedDependency[Upstreams],
    hub: NamedDependency[Hub],
    session: NamedDependency[WebSession],
    renderer: NamedDependency[Renderer],
) -> Page:
    """The dependency `page: NamedDependency[Page]`; error pages find it in the request's state."""
    language = find_language(request, renderer)
    slug = str(request.path_params.get("slug", ""))
    if not _SLUG.fullmatch(slug):
        raise not_found()
    page = Page(request, renderer, upstreams, hub, session, language, slug)
    request.scope["state"][STATE] = page
    await page.load()
    return page
