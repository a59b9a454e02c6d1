"""An identity provider for tests: a real RS256 key, tokens with any claims, and its key set over HTTP."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from opsdash_local.ports import LOOPBACK

AUDIENCE = "opsdash-support"
KEY_ID = "test-key"
JWKS_PATH = "/.well-known/jwks.json"
METADATA_PATH = "/.well-known/openid-configuration"


class TestIssuer:
    """The key set is served by a thread, so tokens are checked even while a test blocks its event loop."""

    __test__ = False

    def __init__(self) -> None:
        self.private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_set_requests = 0
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, name="test issuer", daemon=True)

    @property
    def issuer(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}{JWKS_PATH}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make a service trust this issuer."""
        return {
            "OPSDASH_OIDC_ISSUER": self.issuer,
            "OPSDASH_OIDC_AUDIENCE": AUDIENCE,
            "OPSDASH_OIDC_JWKS_URL": self.jwks_url,
        }

    def token(self, user_id: UUID | str, *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good access token; any claim may be replaced, and one that is None is left out."""
        now = int(time.time())
        payload = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "iat": now,
            "nbf": now,
            "exp": now + 600,
            **claims,
        }
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(
            payload,
            self.private_key,
            algorithm="RS256",
            headers={"kid": KEY_ID, "typ": "at+jwt", **(headers or {})},
        )

    def authorization(self, user_id: UUID | str, **claims: Any) -> dict[str, str]:
        """The request header that signs a user in."""
        return {"Authorization": f"Bearer {self.token(user_id, **claims)}"}

    def key_set(self) -> dict[str, Any]:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def metadata(self) -> dict[str, Any]:
        """Enough for a gateway to send people to sign in."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
        }

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.key_set_requests += self.path != METADATA_PATH
                body = json.dumps(issuer.metadata() if self.path == METADATA_PATH else issuer.key_set()).encode()
                self.send_response(200 if self.path in {JWKS_PATH, METADATA_PATH} else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class says so
                pass

        return Handler

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
