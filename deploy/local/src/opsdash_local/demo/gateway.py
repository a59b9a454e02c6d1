"""The gateway's public API as the demo uses it; every answer that is not 2xx ends the load with its text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import aiohttp

OK_BELOW = 300
SHOWN_CHARACTERS = 500


class GatewayRefusedError(Exception):
    """The gateway answered something else than success."""

    def __init__(self, what: str, status: int, text: str) -> None:
        super().__init__(f"{what}: {status} {text[:SHOWN_CHARACTERS]}")
        self.status = status


class Gateway:
    """One session; tokens of people are fetched once each from the development issuer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._tokens: dict[str, str] = {}
        self._session: aiohttp.ClientSession | None = None

    async def token(self, user_id: str) -> str:
        if user_id not in self._tokens:
            answer = await self._request("POST", "/dev/token", json={"user_id": user_id})
            self._tokens[user_id] = answer["access_token"]
        return self._tokens[user_id]

    async def sync(self, lines: Iterable[dict[str, Any]], service_token: str) -> dict[str, Any]:
        """Send entities to the workspace feed, one JSON object a line."""
        return await self._request(
            "POST",
            "/api/workspace/batch",
            data="".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode(),
            headers={"Authorization": f"Bearer {service_token}", "Content-Type": "application/x-ndjson"},
        )

    async def as_person(
        self, user_id: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {await self.token(user_id)}"}
        return await self._request(method, path, headers=headers, json=body)

    async def _request(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        if self._session is None:
            raise RuntimeError("use the gateway as a context manager")
        async with self._session.request(method, f"{self._url}{path}", **arguments) as answer:
            text = await answer.text()
            if answer.status >= OK_BELOW:
                raise GatewayRefusedError(f"{method} {path}", answer.status, text)
            return dict(json.loads(text)) if text else {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
