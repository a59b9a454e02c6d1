"""HTTP clients in place of a browser: a signed-in session as htmx uses it, and one that keeps cookies."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

import aiohttp
from opsdash_gateway.console.auth.ended_sessions.marks import SessionMarks
from opsdash_gateway.console.auth.session import SessionCookies, WebSession, new_csrf_token

ORIGIN = "http://127.0.0.1"


@dataclass
class PageAnswer:
    """What came back for one request of a page."""

    status: int
    html: str
    headers: Mapping[str, str]

    @property
    def events(self) -> dict[str, Any]:
        """What the page's scripts are told, by event name."""
        events: dict[str, Any] = json.loads(self.headers.get("HX-Trigger", "{}"))
        return events


@dataclass
class Visitor:
    """One person's window on the console of one org."""

    url: str
    slug: str
    user_id: UUID
    token: str
    secret: str
    name: str = "Visitor"
    origin: str = ORIGIN
    csrf: str = field(default_factory=new_csrf_token)

    async def get(self, path: str, *, fragment: bool = True, **headers: str) -> PageAnswer:
        return await self._send("GET", path, None, fragment, headers)

    async def post(
        self, path: str, form: dict[str, Any] | None = None, *, version: int | None = None, fragment: bool = True,
        **headers: str,
    ) -> PageAnswer:  # fmt: skip
        """As our scripts send it: token, an idempotency key, and the version that was seen."""
        sent = {"X-CSRF-Token": self.csrf, "Origin": self.origin, "Idempotency-Key": str(uuid4())} | headers
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        return await self._send("POST", path, form or {}, fragment, sent)

    async def _send(
        self, method: str, path: str, form: dict[str, Any] | None, fragment: bool, headers: dict[str, str]
    ) -> PageAnswer:
        sent = {"Cookie": self.cookie(), **({"HX-Request": "true"} if fragment else {}), **headers}
        body = None
        if form is not None:
            body = urlencode(form, doseq=True)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        address = f"{self.url}/en/org/{self.slug}{path}"
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session,
            session.request(method, address, data=body, headers=sent, allow_redirects=False) as response,
        ):
            return PageAnswer(response.status, await response.text(), response.headers)

    def cookie(self) -> str:
        """What its browser sends."""
        marks = SessionMarks(uuid4(), uuid4(), time.time())
        session = WebSession(self.user_id, self.name, self.token, self.csrf, marks)
        return "; ".join(
            f"{item.key}={item.value}" for item in SessionCookies(self.secret).write(session) if item.value
        )


_VOID = frozenset({"input", "br", "hr", "img", "meta", "link"})


class Outline(HTMLParser):
    """The elements of a page outside of what people typed, and the HTML of what they typed (hx-ignore)."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.typed: list[str] = []
        self._depth = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth:
            self.typed[-1] += self.get_starttag_text() or ""
            self._depth += tag not in _VOID
            return
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))
        if "hx-ignore" in dict(attrs):
            self._depth = 1
            self.typed.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in _VOID:
            self._depth -= 1
            if self._depth:
                self.typed[-1] += f"</{tag}>"

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.typed[-1] += data

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


@dataclass
class Page:
    """An answer."""

    status: int
    headers: Any
    text: str
    url: str

    @property
    def location(self) -> str:
        return str(self.headers.get("Location", ""))


@dataclass
class Browser:
    """One browser with its own cookies, on one site."""

    http: aiohttp.ClientSession
    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)

    async def get(self, path: str, *, method: str = "GET", **options: Any) -> Page:
        url = path if path.startswith("http") else self.url + path
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = options.pop("headers", {}) | ({"Cookie": sent} if sent else {})
        async with self.http.request(method, url, headers=headers, allow_redirects=False, **options) as answer:
            self._keep(answer.headers.getall("Set-Cookie", []))
            return Page(answer.status, answer.headers, await answer.text(), url)

    async def follow(self, path: str, times: int = 10) -> Page:
        """Follow redirects while they stay on the site and are not those of the console's pages."""
        page = await self.get(path)
        while times and page.status in {302, 303} and "/org/" not in urlsplit(page.location).path:
            page, times = await self.get(page.location), times - 1
        return page

    async def post(self, path: str, data: dict[str, str], **headers: str) -> Page:
        return await self.get(path, method="POST", data=data, headers={"Origin": self.url, **headers})

    def _keep(self, lines: list[str]) -> None:
        self.set_cookies += lines
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
