"""The key of the development issuer and the access tokens it signs."""

from __future__ import annotations

import json
import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from opsdash_chassis.errors import StartupError
from opsdash_gateway.console.auth.ended_sessions.logout_tokens import EVENT as LOGOUT_EVENT

WAY_OUT = "remove it and start again, a new one is made"
LIFETIME_SECONDS = 8 * 3600


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """Read the key, or make one that only its owner can read. Raises StartupError."""
    try:
        if not path.exists():
            _create(path)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise StartupError(f"the development key {path} cannot be used ({type(error).__name__}): {WAY_OUT}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StartupError(f"the development key {path} is not an Ed25519 key: {WAY_OUT}")
    return key


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    fresh.replace(path)  # whole or not there, however this process ends


class Signer:
    """Signs tokens that every service of the stack accepts, because it trusts this issuer."""

    def __init__(self, key: Ed25519PrivateKey, *, issuer: str, audience: str) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        public = json.loads(OKPAlgorithm.to_jwk(key.public_key()))
        self._key_id = sha256(public["x"].encode()).hexdigest()[:16]
        self.key_set = {"keys": [{**public, "kid": self._key_id, "alg": "EdDSA", "use": "sig"}]}

    def token(self, user_id: UUID) -> str:
        """An access token for the services."""
        return self._signed({"aud": self._audience, "sub": str(user_id), "jti": str(uuid4())}, kind="at+jwt")

    def id_token(self, user_id: UUID, *, client_id: str, nonce: str, name: str) -> str:
        """Tells the console who has signed in."""
        person = {"aud": client_id, "sub": str(user_id), "nonce": nonce, "name": name}
        return self._signed(person | {"sid": str(uuid4())}, kind="JWT")

    def logout_token(self, user_id: UUID, *, client_id: str) -> str:
        """Tells the console that all sessions of a person have ended (OpenID Connect Back-Channel Logout 1.0)."""
        claims = {"aud": client_id, "sub": str(user_id), "jti": str(uuid4()), "events": {LOGOUT_EVENT: {}}}
        return self._signed(claims, kind="logout+jwt")

    def _signed(self, claims: dict[str, Any], *, kind: str) -> str:
        now = int(time.time())
        always = {"iss": self._issuer, "iat": now, "nbf": now, "exp": now + LIFETIME_SECONDS}
        headers = {"kid": self._key_id, "typ": kind}
        return jwt.encode(always | claims, self._key, algorithm="EdDSA", headers=headers)
