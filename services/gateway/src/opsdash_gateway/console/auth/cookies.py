"""Cookies of our own: `__Host-`, Secure, HttpOnly, SameSite=Lax; a long value is cut into several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from litestar.datastructures import Cookie

PIECE_CHARACTERS = 3800  # a browser keeps 4,096 bytes of name, value and attributes
MAXIMUM_PIECES = 3  # together they stay below the 16 KiB of headers that a request may have


def cookie(name: str, value: str, seconds: int) -> Cookie:
    """A cookie that only this host sees, over TLS or on the loopback address, and no script at all."""
    return Cookie(key=name, value=value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def pieces(name: str, value: str, seconds: int) -> list[Cookie]:
    """The cookies that hold a value, and the end of those that a longer value had. Raises ValueError: too long."""
    parts = [value[start : start + PIECE_CHARACTERS] for start in range(0, len(value), PIECE_CHARACTERS)]
    if len(parts) > MAXIMUM_PIECES:
        raise ValueError("the value does not fit into cookies")
    unused = list(_names(name))[len(parts) :]
    kept = [cookie(part_name, part, seconds) for part_name, part in zip(_names(name), parts, strict=False)]
    return kept + [cookie(part_name, "", 0) for part_name in unused]


def joined(name: str, cookies: Mapping[str, str]) -> str:
    """The value that `pieces` has cut; empty when there is none."""
    found: list[str] = []
    for part_name in _names(name):
        if not (part := cookies.get(part_name)):
            break
        found.append(part)
    return "".join(found)


def ended(name: str) -> list[Cookie]:
    return pieces(name, "", 0)


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(1, MAXIMUM_PIECES))
