"""The signing keys of the identity provider: kept, and never fetched because an attacker asks for it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import jwt
import structlog
from opsdash_chassis.errors import Unavailable

from opsdash_http.client.bounded_body import bounded_body

log = structlog.get_logger(__name__)

FETCH_TIMEOUT_SECONDS = 2.0
MAXIMUM_BYTES = 256 * 1024
MAXIMUM_KEYS = 50
REFETCH_SECONDS = 30.0
REFETCH_SECONDS_WHEN_EMPTY = 2.0
MAXIMUM_AGE_SECONDS = 600.0
MINIMUM_RSA_BITS = 2048
_ALGORITHM_OF_KEY_TYPE = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
_CURVES = {"RSA": (None,), "EC": ("P-256",), "OKP": ("Ed25519",)}


class KeySet:
    """Keys by id. One fetch in 30 s at most, whatever ids arrive; old keys stay when the provider is away."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def get(self, key_id: str) -> jwt.PyJWK | None:
        """The key, or None when the provider has none such. Raises Unavailable while no key is known."""
        key = self._keys.get(key_id)
        if key is None:
            await self._refresh()
        elif self._is_old():
            self._refresh_behind()
        if not self._keys:
            raise Unavailable("The identity provider cannot be reached.", retry_after_seconds=2)
        return self._keys.get(key_id)

    async def close(self) -> None:
        if self._refreshing:
            self._refreshing.cancel()

    def _is_old(self) -> bool:
        return self._clock() - self._fetched_at > MAXIMUM_AGE_SECONDS and self._may_fetch()

    def _may_fetch(self) -> bool:
        pause = REFETCH_SECONDS if self._keys else REFETCH_SECONDS_WHEN_EMPTY
        return bool(self._clock() - self._tried_at >= pause)

    def _refresh_behind(self) -> None:
        """Refresh without making a request wait: the keys we hold are good enough for it."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        async with self._lock:  # callers that waited here find the keys fetched and go on
            if not self._may_fetch():
                return
            self._tried_at = self._clock()
            try:
                self._keys = parse_keys(await _fetch(self._url)) or self._keys
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                log.warning("key_fetch_failed", reason=repr(error), known_keys=len(self._keys))
            else:
                self._fetched_at = self._clock()


async def _fetch(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, allow_redirects=False) as response,
    ):
        if response.status != 200:  # noqa: PLR2004 - anything else is no key set
            raise ValueError(f"status {response.status}")
        return await bounded_body(response, MAXIMUM_BYTES)


def parse_keys(document: bytes) -> dict[str, jwt.PyJWK]:
    """Public signature keys by id; a key we cannot use is left out, not an error of the whole set."""
    parsed = json.loads(document)
    entries = parsed.get("keys") if isinstance(parsed, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a key set")  # noqa: TRY004 - the caller asks whether the document is good
    keys: dict[str, jwt.PyJWK] = {}
    for entry in entries[:MAXIMUM_KEYS]:
        key = _parse_key(entry)
        if key is not None and key.key_id:
            keys[key.key_id] = key
    return keys


def _parse_key(entry: Any) -> jwt.PyJWK | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or "d" in entry:
        return None  # no signature key, or somebody published a private one
    key_type = str(entry.get("kty"))
    algorithm = _ALGORITHM_OF_KEY_TYPE.get(key_type)
    if entry.get("alg", algorithm) != algorithm or entry.get("crv") not in _CURVES.get(key_type, ()):
        return None
    try:
        key = jwt.PyJWK(entry, algorithm)
    except (jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
        log.warning("key_ignored", reason=type(error).__name__)
        return None
    return None if key_type == "RSA" and key.key.key_size < MINIMUM_RSA_BITS else key
