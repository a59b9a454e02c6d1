"""Values that a browser keeps for us and can neither read nor change: msgpack inside Fernet tokens."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Generic, TypeVar

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ValueT = TypeVar("ValueT")


class Encrypter(Generic[ValueT]):
    """Encrypts with the first of the secrets, decrypts with any: `new,old` while one is rotated.

    Each purpose has keys of its own, so a value encrypted for one cannot be used for another.
    """

    def __init__(self, secrets: str, *, purpose: str, kind: type[ValueT], seconds: int) -> None:
        self._fernet = MultiFernet([_fernet(secret, purpose) for secret in secrets.split(",")])
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


def _fernet(secret: str, purpose: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())
    return Fernet(urlsafe_b64encode(key))
