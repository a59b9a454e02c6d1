"""The headers of a write: the versions it expects (If-Match) and the key that makes it happen once."""

from __future__ import annotations

import re
from typing import Annotated

from litestar.params import HeaderParameter

from opsdash_http.errors.problems import FieldError, validation

_HEADER = "If-Match"
#: An entity tag and what separates it from the next (RFC 9110, 8.8.3 and 5.6.1); a number is taken without quotes too.
_TAG = re.compile(r'[ \t,]*(?:(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e\x80-\xff]*)"|(?P<number>[0-9]+))[ \t]*(?:,|$)')
_VERSION = re.compile(r"[0-9]{1,18}", re.ASCII)

IfMatch = Annotated[
    str | None,
    HeaderParameter(name=_HEADER, description="Refuse unless the version is this one, or one of a list with commas"),
]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", description="A repeat within 24 h gets the first answer again"),
]


def expected_versions(if_match: str | None) -> frozenset[int] | None:
    """The versions an If-Match header names (RFC 9110, 13.1.1); None when it is absent or `*`.

    A weak tag and one that is no version of ours match nothing. Raises a 400 problem for what is no list of tags.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    text, at = if_match.rstrip(" \t,"), 0
    versions = set()
    while found := _TAG.match(text, at):
        tag = found["tag"] or found["number"] or ""
        if not found["weak"] and _VERSION.fullmatch(tag):
            versions.add(int(tag))
        at = found.end()
    if at == 0 or at < len(text):
        message = 'must be "*" or entity tags in double quotes, separated by commas'
        raise validation([FieldError(f"/header/{_HEADER}", "format", message)])
    return frozenset(versions)
