"""Paths of an upstream service with the values of a request filled in."""

from __future__ import annotations

import re

from opsdash_http.errors.problems import not_found

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_REFERENCE = re.compile(r"[0-9A-Za-z-]{1,64}")


def upstream_path(template: str, parameters: dict[str, str]) -> str:
    """Fill in the template; what cannot be a slug, id or number is 404, so no value climbs to another route."""
    for name, value in parameters.items():
        if not (_SLUG if name == "slug" else _REFERENCE).fullmatch(value):
            raise not_found()
    return template.format_map(parameters)
