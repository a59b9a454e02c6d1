"""Requests to addresses that people typed: to the public internet only, bounded in time and in what is read.

A name is resolved once, by the connector that connects to what was found; there is no second answer to be told.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from opsdash_http.client.compat import never_repeat
from opsdash_http.client.public_addresses import is_private_name, is_public

TOTAL_SECONDS = 10.0
MOST_BYTES: Final = 64 * 1024
HTTPS_PORT: Final = 443
LOWEST_OTHER_PORT: Final = 1024
#: What resolvers read as a number and not as a name, also in the forms 127.1 and 0x7f.1.
_NUMERIC: Final = re.compile(r".*:.*|(.*\.)?(\d+|0x[0-9a-f]*)\.?", re.IGNORECASE)


class AddressRefused(ValueError):
    """Nothing is sent there; the message says why, in words for the person who typed it, without the address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is the first 64 KiB of it, as sent; `whole` says whether there was no more."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


async def send_to_typed_address(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    plain_http: bool,
    resolver: AbstractResolver | None = None,
) -> Answer:
    """One request; a redirect is an answer like any other. `plain_http` is for the local profile.

    Raises AddressRefused, and TimeoutError or aiohttp.ClientError when there is no answer within 10 s in all.
    """
    target = check_typed_address(url, plain_http=plain_http)
    headers = {**headers, "Accept-Encoding": "identity"}
    async with asyncio.timeout(TOTAL_SECONDS):
        connector = aiohttp.TCPConnector(
            resolver=_PublicResolver(resolver or ThreadedResolver()), use_dns_cache=False, force_close=True
        )
        async with (
            _session(connector) as session,
            session.request(method, target, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return await _bounded(answer)


def check_typed_address(url: str, *, plain_http: bool) -> URL:
    """Scheme, host and port, for when it is typed and when it is used. Raises AddressRefused."""
    try:
        target = URL(url)
    except ValueError as error:
        raise AddressRefused("It is no address.") from error
    schemes = {"https", "http"} if plain_http else {"https"}
    if target.scheme not in schemes or not target.raw_host:
        raise AddressRefused(f"It must begin with {' or '.join(f'{name}://' for name in sorted(schemes))} and a host.")
    port = target.port or 0
    if port < LOWEST_OTHER_PORT and port != HTTPS_PORT:
        raise AddressRefused(f"Its port must be {HTTPS_PORT}, or {LOWEST_OTHER_PORT} or higher.")
    is_number = _NUMERIC.fullmatch(target.raw_host)
    if not (is_public(target.raw_host) if is_number else not is_private_name(target.raw_host)):
        raise AddressRefused("Its host is not on the public internet.")
    return target


class _PublicResolver(AbstractResolver):
    """Refuses a name if any of its addresses is not public: one that was meant for the internet has none such."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise AddressRefused("Its host is not on the public internet.")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    """It asks no proxy, keeps no cookie, unpacks nothing and repeats nothing."""
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        trust_env=False,
    )
    never_repeat(session)
    return session


async def _bounded(answer: aiohttp.ClientResponse) -> Answer:
    read = bytearray()
    while len(read) <= MOST_BYTES and (chunk := await answer.content.read(MOST_BYTES + 1 - len(read))):
        read += chunk
    return Answer(answer.status, answer.headers, bytes(read[:MOST_BYTES]), whole=len(read) <= MOST_BYTES)
