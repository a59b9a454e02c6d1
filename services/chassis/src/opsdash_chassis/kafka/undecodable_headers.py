"""Events in Kafka records whose header names are not UTF-8: readable as records, invalid as events."""

from __future__ import annotations

from collections.abc import Iterable

from opsdash_contracts.envelope import Event, EventData, InvalidMessage, decode


def readable(name: str) -> str:
    r"""A header name that can be sent again: bytes that are not UTF-8 become `\xNN`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_damaged(name: str) -> bool:
    """Whether the name was not UTF-8 on the wire."""
    return not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name)


def decode_record(headers: Iterable[tuple[str, bytes]], key: bytes | None, value: bytes | None) -> Event[EventData]:
    """Like `decode`; a header name that was not UTF-8 makes the message invalid too."""
    headers = list(headers)
    if any(is_damaged(name) for name, _ in headers):
        raise InvalidMessage("headers-not-utf8", "the name of a header is not UTF-8")
    return decode(headers, key, value)
