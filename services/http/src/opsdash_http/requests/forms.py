"""What a page's form may be: small, with few fields; and its fields."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl

from opsdash_http.errors.problems import bad_request, too_large

MEDIA_TYPES = ("application/x-www-form-urlencoded",)
MAXIMUM_BYTES = 64 * 1024
MAXIMUM_FIELDS = 100
#: A browser sends three characters for each byte that is no ASCII letter or digit.
_MAXIMUM_ENCODED_BYTES = 3 * MAXIMUM_BYTES
#: `opt` of every route that takes a form.
FORM_BODY: dict[str, Any] = {"media_types": MEDIA_TYPES, "max_body_bytes": _MAXIMUM_ENCODED_BYTES}


def read_form(body: bytes) -> dict[str, Any]:
    """Values by name, several as a list. Raises 413 above 64 KiB of what was typed, 400 above 100 fields.

    Not the framework's parser: it parses first, and keeps the last thousand bodies in memory.
    """
    encoded = body.count(b"%")
    if max(encoded, len(body) - 2 * encoded) > MAXIMUM_BYTES:
        raise too_large(MAXIMUM_BYTES)
    if body.count(b"&") >= MAXIMUM_FIELDS:
        raise bad_request("too-many-fields", f"A form may have {MAXIMUM_FIELDS} fields at most.")
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in parse_qsl(body.decode("latin-1"), keep_blank_values=True):
        values[name].append(value)
    return {name: found if len(found) > 1 else found[0] for name, found in values.items()}
