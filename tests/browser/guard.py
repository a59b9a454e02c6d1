"""Watches everything a page does; a test fails on what a visitor's browser would have complained about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, WebError

ERRORS = {"error", "warning"}
# Reported by the browser itself for every answer of 400 and above; tests that provoke one name its status.
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})")
_UNREACHED = re.compile(
    r"Failed to fetch|net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INTERNET_DISCONNECTED|"
    r"INCOMPLETE_CHUNKED_ENCODING|FAILED|NETWORK_CHANGED)"
)


class Guard:
    """Attached to every context of a test; `complaints` must be empty at its end."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._statuses: set[int] = {422}  # a form with messages at its fields is an ordinary answer
        self._server_may_be_away = False
        self._violations_expected = False
        self.complaints: list[str] = []
        self.violations: list[str] = []

    def expect_violations(self) -> None:
        """The test provokes the content policy; what it refused is kept in `violations`."""
        self._violations_expected = True

    def expect_statuses(self, statuses: Iterable[int]) -> None:
        """These answers are what the test is about."""
        self._statuses |= set(statuses)

    def expect_no_server(self) -> None:
        """The test takes the server or the network away."""
        self._server_may_be_away = True
        self.expect_statuses({502, 503, 504})

    def watch(self, context: BrowserContext) -> None:
        context.on("request", self._on_request)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("page", self._on_page)

    def _on_page(self, page: Page) -> None:
        page.on("crash", lambda _: self.complaints.append(f"crashed: {page.url}"))

    def _on_error(self, error: WebError) -> None:
        if not self._expected(str(error.error)):
            self.complaints.append(f"uncaught: {error.error}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self._host:
            self.complaints.append(f"request to another host: {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ERRORS and not self._expected(message.text):
            self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _expected(self, text: str) -> bool:
        if self._violations_expected and "Content Security Policy" in text:
            self.violations.append(text)
            return True
        refused = _REFUSED.search(text)
        if refused:
            return int(refused[1]) in self._statuses
        return self._server_may_be_away and bool(_UNREACHED.search(text))
