"""Values encrypted with a secret of the settings: those that a browser keeps for us, and secrets in a database.

Fernet of `cryptography` (AES-128-CBC with HMAC-SHA256). Two secrets `new,old` rotate: the first encrypts, both decrypt.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Final, Generic, TypeVar
from uuid import UUID

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ValueT = TypeVar("ValueT")
#: How much of a stored secret is shown, so that a person knows which one it is.
SHOWN: Final = 4
#: What is shorter is not shown at all: these characters would be most of it.
SHORTEST_SHOWN: Final = 16


class UnreadableSecret(Exception):
    """A stored secret was encrypted with a secret that the settings do not name any more, or belongs to another row."""


class Encrypter(Generic[ValueT]):
    """Encrypts with the first of the secrets, decrypts with any: `new,old` while one is rotated.

    Each purpose has keys of its own, so a value encrypted for one cannot be used for another.
    """

    def __init__(self, secrets: str, *, purpose: str, kind: type[ValueT], seconds: int) -> None:
        self._fernet = MultiFernet(_fernets(secrets, purpose))
        self._decoder = msgspec.msgpack.Decoder(kind)
        self.seconds = seconds

    def encrypt(self, value: ValueT) -> str:
        """Only characters that a cookie takes without quotes."""
        return self._fernet.encrypt(msgspec.msgpack.encode(value)).decode("ascii").rstrip("=")

    def decrypt(self, text: str) -> ValueT | None:
        """None for what is expired, changed, cut, of another purpose or of another release."""
        try:
            padded = text + "=" * (-len(text) % 4)
            return self._decoder.decode(self._fernet.decrypt(padded, ttl=self.seconds))
        except (InvalidToken, msgspec.MsgspecError, ValueError):
            return None


class StoredSecrets:
    """Encrypts secrets that a table keeps. What is encrypted for one row cannot be read as another's."""

    def __init__(self, secrets: str, *, setting: str, purpose: str) -> None:
        """`setting` is the name by which an operator knows `secrets`."""
        self._secrets, self._setting, self._purpose = secrets, setting, purpose

    def encrypt(self, secret: str, row_id: UUID) -> str:
        return self._of(row_id)[0].encrypt(secret.encode()).decode("ascii")

    def decrypt(self, encrypted: str, row_id: UUID) -> str:
        """Raises UnreadableSecret, with the way out for the operator."""
        try:
            return MultiFernet(self._of(row_id)).decrypt(encrypted.encode()).decode()
        except InvalidToken as error:
            message = f"{self._setting} does not decrypt it: name the secret it was encrypted with after a comma"
            raise UnreadableSecret(message) from error

    def renewed(self, encrypted: str, row_id: UUID) -> str | None:
        """Encrypted again where it was with the older secret, else None. Raises UnreadableSecret."""
        try:
            self._of(row_id)[0].decrypt(encrypted.encode())
        except InvalidToken:
            return self.encrypt(self.decrypt(encrypted, row_id), row_id)
        return None

    def _of(self, row_id: UUID) -> list[Fernet]:
        return _fernets(self._secrets, f"{self._purpose} {row_id}")


def last_characters(secret: str) -> str:
    """What an answer may show of a stored secret."""
    return secret[-SHOWN:] if len(secret) >= SHORTEST_SHOWN else ""


def _fernets(secrets: str, purpose: str) -> list[Fernet]:
    return [_fernet(secret, purpose) for secret in secrets.split(",")]


def _fernet(secret: str, purpose: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())
    return Fernet(urlsafe_b64encode(key))
