"""Which two requests are the same for one Idempotency-Key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from opsdash_http.requests.idempotency import Asked

NAMES = {"reference": "0190d5c8-7a7b-7cc0-8a3e-3f6a0f9d0c11"}
PATCH = Asked("PATCH", "/orgs/{slug}/tickets/{reference}", NAMES, [("a", "1")], '"3"', b"{}")
SAID = b'{"title":"a","tags":["x","y"],"contact":{"name":"M\xc3\xa9","id":1}}'


def request_digest(body: bytes) -> bytes:
    return replace(PATCH, body=body).digest()


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"path_template": "/orgs/{slug}/tickets/{reference}/restore"},
        {"names": {"reference": "0190d5c8-7a7b-7cc0-8a3e-3f6a0f9d0c12"}},
        {"names": {**NAMES, "comment_id": "1"}},
        {"query": []},
        {"query": [("a", "2")]},
        {"query": [("a", "1"), ("b", "")]},
        {"if_match": None},
        {"if_match": '"4"'},
        {"body": b"[]"},
    ],
)
def test_whatever_else_is_asked_is_another_request(change: dict[str, Any]) -> None:
    assert replace(PATCH, **change).digest() != PATCH.digest()


@pytest.mark.parametrize(
    "body",
    [
        b'{"tags":["x","y"],"contact":{"id":1,"name":"M\xc3\xa9"},"title":"a"}',
        b' { "title" : "a",\n "tags":["x","y"],"contact":{"name":"M\xc3\xa9","id":1} } ',
        b'{"title":"\\u0061","tags":["x","y"],"contact":{"name":"M\\u00e9","id":1}}',
        b'{"title":"b","title":"a","tags":["x","y"],"contact":{"name":"M\xc3\xa9","id":1}}',
    ],
)
def test_the_same_json_is_the_same_request(body: bytes) -> None:
    assert request_digest(body) == request_digest(SAID)


@pytest.mark.parametrize("body", [b"", b" ", b"{bad", b"\xff", b"[" * 100_000, b'"\\u0000"'])
def test_what_no_route_reads_may_be_anything(body: bytes) -> None:
    assert request_digest(body) == request_digest(body)
    assert request_digest(body) != request_digest(body + b"}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"title":"A","tags":["x","y"],"contact":{"name":"M\xc3\xa9","id":1}}',
        b'{"title":"a","tags":["y","x"],"contact":{"name":"M\xc3\xa9","id":1}}',
        b'{"title":"a","tags":["x","y"],"contact":{"name":"M\xc3\xa9","id":"1"}}',
        b'{"title":"a","tags":["x","y"],"contact":{"name":"M\xc3\xa9","id":1,"email":null}}',
    ],
)
def test_another_value_is_another_request(body: bytes) -> None:
    assert request_digest(body) != request_digest(SAID)
