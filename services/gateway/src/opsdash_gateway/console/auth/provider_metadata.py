"""What the identity provider says of itself (OpenID Connect Discovery 1.0), fetched when first needed, then kept."""

from __future__ import annotations

import time
from collections.abc import Callable

import aiohttp
import msgspec
import structlog
from opsdash_chassis.errors import Unavailable
from opsdash_http.client.bounded_body import bounded_body

log = structlog.get_logger(__name__)

PATH = "/.well-known/openid-configuration"
KEPT_SECONDS = 3600.0
MAXIMUM_BYTES = 256 * 1024
#: For every call of the provider: a person waits for it, and the session itself bounds nothing.
TIMEOUT = aiohttp.ClientTimeout(total=5.0, sock_connect=1.5)


class Metadata(msgspec.Struct, frozen=True):
    """The parts of the document that we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    @property
    def takes_basic(self) -> bool:
        return "client_secret_basic" in self.token_endpoint_auth_methods_supported

    def is_acceptable(self, issuer: str, *, plain_http: bool) -> bool:
        """Said by the issuer we trust, and every address safe to send people and secrets to."""
        used = (self.authorization_endpoint, self.token_endpoint, self.end_session_endpoint)
        schemes = ("https://", "http://") if plain_http else ("https://",)
        return self.issuer == issuer and all(address is None or address.startswith(schemes) for address in used)


def unreachable() -> Unavailable:
    return Unavailable("The identity provider cannot be reached.", retry_after_seconds=5)


class Discovery:
    """Keeps the metadata for an hour, and the old one for as long as the provider is away."""

    def __init__(self, session: Callable[[], aiohttp.ClientSession], issuer: str, *, plain_http: bool) -> None:
        self._session = session
        self._issuer = issuer
        self._plain_http = plain_http
        self._known: Metadata | None = None
        self._fetched_at = float("-inf")

    async def metadata(self) -> Metadata:
        """Raises Unavailable while nothing usable is known."""
        if self._known is None or time.monotonic() - self._fetched_at > KEPT_SECONDS:
            try:
                self._known = await self._fetch()
                self._fetched_at = time.monotonic()
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                log.warning("provider_metadata_failed", reason=repr(error))
        if self._known is None:
            raise unreachable()
        return self._known

    async def _fetch(self) -> Metadata:
        address = self._issuer.rstrip("/") + PATH
        async with self._session().get(address, allow_redirects=False, timeout=TIMEOUT) as response:
            if not response.ok:
                raise ValueError(f"status {response.status}")
            found = msgspec.json.decode(await bounded_body(response, MAXIMUM_BYTES), type=Metadata)
        if not found.is_acceptable(self._issuer, plain_http=self._plain_http):
            raise ValueError("the document is of another issuer, or names an address without TLS")
        return found
