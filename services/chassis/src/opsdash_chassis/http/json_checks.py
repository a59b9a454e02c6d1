"""Checks of raw JSON bytes that a decoder does not make: encoding, NUL, nesting depth.

Cheap for good input: three searches over bytes; depth is measured only when there are many brackets.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from opsdash_chassis.http.problems import Problem, bad_request, validation
from opsdash_chassis.http.validation import field_error

MAXIMUM_DEPTH = 32

_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)

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
    if b"\x00" in body or (b"\\u0000" in body and _ESCAPED_NUL.search(body)):
        raise invalid_json("The body contains a NUL character.")
    if body.count(b"[") + body.count(b"{") > MAXIMUM_DEPTH and _too_deep(body):
        raise invalid_json(f"The body is nested deeper than {MAXIMUM_DEPTH} levels.")


def _too_deep(body: bytes) -> bool:
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(body):
        character = body[token.start() : token.start() + 1]
        if character in b"[{":
            depth += 1
            if depth > MAXIMUM_DEPTH:
                return True
        elif character in b"]}":
            depth -= 1
    return False


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode strictly: no number for a string, no epoch for a date. Raises a 400 problem with pointers."""
    check_json(body)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise validation([field_error(str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise invalid_json() from None
