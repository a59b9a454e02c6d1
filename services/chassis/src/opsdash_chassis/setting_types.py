"""The types of settings: what a secret, an address or a limit has to be. A refusal never repeats the value."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field, SecretStr

from opsdash_chassis.secret_strength import is_guessable

MINIMUM_SECRET_BYTES = 32
#: What libpq calls the modes that never fall back to plain text.
_ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
PLACEHOLDERS = ("changeme", "change-me", "secret", "password", "placeholder", "example", "xxxx", "todo")


def check_secret(value: SecretStr) -> SecretStr:
    """A shared secret, or two with a comma while rotating: each of 32 bytes or more, untrimmed, no placeholder."""
    for text in value.get_secret_value().split(","):
        if text != text.strip():
            raise ValueError("has surrounding white space")
        if len(text.encode()) < MINIMUM_SECRET_BYTES:
            raise ValueError(f"is shorter than {MINIMUM_SECRET_BYTES} bytes")
        if any(word in text.lower() for word in PLACEHOLDERS):
            raise ValueError("is a placeholder, not a secret")
        if is_guessable(text):
            raise ValueError("is made of words, sequences or repeats; `openssl rand -hex 32` makes a good one")
    return value


def _check_rotating_secret(value: SecretStr) -> SecretStr:
    """One secret, or two with a comma between them while it is being rotated."""
    if value.get_secret_value().count(",") > 1:
        raise ValueError("names more than two secrets")
    return check_secret(value)


def _check_shown_secret(value: SecretStr) -> SecretStr:
    """One secret: whoever shows it shows the newest."""
    if "," in value.get_secret_value():
        raise ValueError("names more than one secret; only the service that is shown it knows two while it is rotated")
    return check_secret(value)


def _check_postgresql_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("must be a postgresql:// URL")
    return value


def asks_for_tls(value: SecretStr) -> bool:
    """A Unix socket leaves the machine no more than TLS does."""
    url = urlsplit(value.get_secret_value())
    options = parse_qs(url.query)
    socket = not url.hostname and options.get("host", ["/"])[-1].startswith("/")
    return socket or options.get("sslmode", [""])[-1] in _ENCRYPTED


def _check_http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or "@" in value or "?" in value or "#" in value:
        raise ValueError("must be a plain http:// or https:// URL")
    return value.rstrip("/")


Secret = Annotated[SecretStr, AfterValidator(check_secret)]
RotatingSecret = Annotated[SecretStr, AfterValidator(_check_rotating_secret)]
ShownSecret = Annotated[SecretStr, AfterValidator(_check_shown_secret)]
CHECKS_OF_SECRETS = (check_secret, _check_rotating_secret, _check_shown_secret)
PostgresqlUrl = Annotated[SecretStr, AfterValidator(_check_postgresql_url)]
NonEmpty = Annotated[str, Field(min_length=1)]
HttpUrl = Annotated[NonEmpty, AfterValidator(_check_http_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
#: A limit that is none would be no limit.
PerSecond = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
