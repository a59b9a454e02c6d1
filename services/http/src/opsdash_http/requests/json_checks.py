"""Checks of raw JSON bytes that a decoder does not make: encoding, NUL, nesting depth.

Every check is a few passes over the bytes, whatever they are: the caller chooses them, and others wait meanwhile.
"""

from __future__ import annotations

import re
from array import array
from itertools import accumulate
from typing import TypeVar

import msgspec

from opsdash_http.errors.problems import Problem, bad_request, validation
from opsdash_http.errors.validation import field_error

MAXIMUM_DEPTH = 32

_ESCAPED_BACKSLASH = b"\\\\"
#: The closing quote is optional: from a quote that is never closed no search starts a second time.
_STRING = re.compile(rb'"[^"]*"?')
_ALL_BUT_QUOTES_AND_BRACKETS = bytes(set(range(256)) - set(b'"[]{}'))
#: An opening bracket as 1, a closing one as -1 in a signed byte.
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")

T = TypeVar("T")


def invalid_json(detail: str = "The body is not valid JSON.") -> Problem:
    return bad_request("invalid-json", detail)


def check_json(body: bytes) -> None:
    """Raise the problem for a body that must not reach a decoder or a database."""
    if not body.strip():
        raise invalid_json("The body is empty.")
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            raise invalid_json("The body is not valid UTF-8.") from None
    if b"\x00" in body or (b"\\u0000" in body and b"\\u0000" in body.replace(_ESCAPED_BACKSLASH, b"")):
        raise invalid_json("The body contains a NUL character.")
    if body.count(b"[") + body.count(b"{") > MAXIMUM_DEPTH and _depth(body) > MAXIMUM_DEPTH:
        raise invalid_json(f"The body is nested deeper than {MAXIMUM_DEPTH} levels.")


def _depth(body: bytes) -> int:
    """How deep the brackets outside of strings go."""
    unescaped = body.replace(_ESCAPED_BACKSLASH, b"").replace(b'\\"', b"")
    bare = unescaped.translate(None, delete=_ALL_BUT_QUOTES_AND_BRACKETS).replace(b'""', b"")
    return max(accumulate(array("b", _STRING.sub(b"", bare).translate(_STEPS))), default=0)


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode strictly: no number for a string, no epoch for a date. Raises a 400 problem with pointers."""
    check_json(body)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise validation([field_error(str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise invalid_json() from None
