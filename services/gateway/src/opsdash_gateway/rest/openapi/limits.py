"""Describes the headers that tell a person how much of their request limit is left."""

from __future__ import annotations

from opsdash_http.openapi import USER_SCHEME, operations
from opsdash_http.openapi.answers import header
from opsdash_http.openapi.schemas import Schema

_DRAFT = "draft-ietf-httpapi-ratelimit-headers-10"
_HEADERS = {
    "RateLimit": {
        "description": f"`r`: requests left now; `t`: seconds until all of the quota is free again ({_DRAFT})",
        "schema": {"type": "string"},
        "example": '"person";r=99;t=1',
    },
    "RateLimit-Policy": {
        "description": f"`q`: requests at once; `w`: seconds until a used quota is free again ({_DRAFT})",
        "schema": {"type": "string"},
        "example": '"person";q=100;w=2',
    },
}


def describe_limits(document: Schema) -> None:
    """Put the headers on every answer to a person."""
    document["components"]["headers"] |= _HEADERS
    answers = list(document["components"]["responses"].values())
    for operation in operations(document):
        if {USER_SCHEME: []} in (operation.get("security", document["security"]) or []):
            answers += [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    for answer in answers:
        for name in _HEADERS:
            answer.setdefault("headers", {}).update(header(name))
