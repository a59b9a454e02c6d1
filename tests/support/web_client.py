"""A browser without a screen: keeps cookies as Chromium does on the loopback address, follows what it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import aiohttp


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
