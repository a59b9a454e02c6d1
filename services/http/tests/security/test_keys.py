"""The key set: how often the provider is asked, and what happens when it is away."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from opsdash_chassis.errors import Unavailable
from opsdash_http.security.keys import KeySet, parse_keys


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestFetching:
    async def test_a_flood_of_unknown_key_ids_causes_one_fetch_in_30_seconds(self, issuer: Any) -> None:
        clock = Clock()
        keys = KeySet(f"{issuer.url}/jwks.json", clock=clock)
        await asyncio.gather(*(keys.get(f"unknown-{number}") for number in range(500)))
        clock.now += 29
        await keys.get("another")
        assert len(issuer.requests) == 1
        clock.now += 2
        await keys.get("another")
        assert len(issuer.requests) == 2

    async def test_a_new_key_is_found_after_the_pause(self, issuer: Any) -> None:
        clock = Clock()
        keys = KeySet(f"{issuer.url}/jwks.json", clock=clock)
        assert await keys.get("next") is None
        issuer.keys.append({**issuer.keys[0], "kid": "next"})
        try:
            clock.now += 31
            assert await keys.get("next") is not None
        finally:
            issuer.keys.pop()

    async def test_old_keys_are_refreshed_without_making_the_request_wait(self, issuer: Any) -> None:
        clock = Clock()
        keys = KeySet(f"{issuer.url}/jwks.json", clock=clock)
        await keys.get("rsa")
        clock.now += 601
        assert await keys.get("rsa") is not None
        for _ in range(100):
            if len(issuer.requests) == 2:
                break
            await asyncio.sleep(0.01)
        assert len(issuer.requests) == 2
        await keys.close()


class TestProviderAway:
    async def test_cached_keys_keep_working(self, issuer: Any) -> None:
        clock = Clock()
        keys = KeySet(f"{issuer.url}/jwks.json", clock=clock)
        await keys.get("rsa")
        issuer.healthy = False
        clock.now += 10_000
        assert await keys.get("rsa") is not None
        assert await keys.get("unknown") is None
        await keys.close()

    async def test_no_key_at_all_is_unavailable_and_recovers_soon(self, issuer: Any) -> None:
        clock = Clock()
        keys = KeySet(f"{issuer.url}/jwks.json", clock=clock)
        issuer.healthy = False
        with pytest.raises(Unavailable):
            await keys.get("rsa")
        issuer.healthy = True
        clock.now += 3
        assert await keys.get("rsa") is not None

    async def test_a_refused_connection_is_unavailable(self) -> None:
        with pytest.raises(Unavailable):
            await KeySet("http://127.0.0.1:1/jwks.json").get("rsa")

    async def test_redirects_are_not_followed(self, issuer: Any) -> None:
        async def redirect(_: web.Request) -> web.Response:
            raise web.HTTPFound(f"{issuer.url}/jwks.json")

        app = web.Application()
        app.router.add_get("/", redirect)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        with pytest.raises(Unavailable):
            await KeySet(f"http://127.0.0.1:{runner.addresses[0][1]}/").get("rsa")
        assert issuer.requests == []
        await runner.cleanup()


class TestParsing:
    @pytest.mark.parametrize("document", [b"[]", b"{}", b'{"keys": 5}', b"not json", b'{"keys": {"a": 1}}'])
    def test_what_is_no_key_set_is_refused(self, document: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
            parse_keys(document)

    def test_unusable_keys_are_left_out(self, signing: Any) -> None:
        good = signing.keys[0]
        bad = [
            5,
            {"kty": "oct", "k": "AAAA", "kid": "shared"},
            {**good, "kid": "encryption", "use": "enc"},
            {**good, "kid": "other-algorithm", "alg": "RS512"},
            {**good, "kid": "private", "d": "AAAA"},
            {**good, "kid": "broken", "n": "!"},
            {**good, "kid": None},
            {**signing.keys[1], "kid": "curve", "crv": "P-384"},
            {"kty": "RSA", "n": "w" * 100, "e": "AQAB", "kid": "short"},
        ]
        assert list(parse_keys(json.dumps({"keys": [*bad, good]}).encode())) == ["rsa"]
