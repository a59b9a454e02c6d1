"""What the gateway reads of a request costs no more than in proportion to its size."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest
from litestar.connection import ASGIConnection
from opsdash_gateway.console.auth.addresses import safe_next
from opsdash_gateway.console.auth.session import SessionCookies
from opsdash_gateway.console.create.form import BadDue, due_moment
from opsdash_gateway.console.i18n.locales import locale_of
from opsdash_gateway.console.list.bulk import _ids
from opsdash_gateway.console.list.query import read_list_query
from opsdash_gateway.workspace.batches import MAXIMUM_BYTES, read_batch
from opsdash_http.errors.problems import Problem
from opsdash_http.requests.cookies import read_cookies
from opsdash_http.requests.forms import MAXIMUM_BYTES as MAXIMUM_FORM_BYTES
from opsdash_http.requests.request_limits import MAXIMUM_HEADER_BYTES, MAXIMUM_QUERY_BYTES

from tests.support.measurements import BATCHES, Shape, assert_linear, repeated

TEXTS: dict[str, Shape] = {
    "letters": repeated("a", "*"),
    "slashes": repeated("/", "/*"),
    "dots": repeated("/..", "/*"),
    "questions": repeated("?", "/*"),
    "brackets": repeated("[", "//*"),
    "commas": repeated(",", "*"),
    "ids": repeated("55555555-5555-4555-8555-555555555555,", "*"),
    "languages": repeated("xx-YY;q=0.1,", "*"),
    "digits": repeated("1", "*"),
    "parameters": repeated("status=open&", "*"),
    "assignees": repeated("assignee=55555555-5555-4555-8555-555555555555&"),
}


@pytest.mark.parametrize("shape", BATCHES.values(), ids=BATCHES)
def test_a_batch(shape: Shape) -> None:
    with asyncio.Runner() as runner:
        assert_linear(lambda body: runner.run(read_batch(body)), shape, MAXIMUM_BYTES // 8, (Problem,))


@pytest.mark.parametrize("shape", TEXTS.values(), ids=TEXTS)
class TestTexts:
    def test_where_to_go_next(self, shape: Shape) -> None:
        assert_linear(lambda text: safe_next(text.decode()), shape, MAXIMUM_QUERY_BYTES)

    def test_the_languages_of_a_browser(self, shape: Shape) -> None:
        def read(text: bytes) -> None:
            scope: Any = {"type": "http", "headers": [(b"accept-language", text)], "path_params": {"locale": "xx"}}
            locale_of(cast("ASGIConnection[Any, Any, Any, Any]", ASGIConnection(scope)))

        assert_linear(read, shape, MAXIMUM_HEADER_BYTES)

    def test_a_session(self, shape: Shape) -> None:
        kept = SessionCookies("x" * 32)
        assert_linear(
            lambda text: kept.read(read_cookies(f"__Host-opsdash-session={text.decode()}")), shape, MAXIMUM_HEADER_BYTES
        )

    def test_a_filter(self, shape: Shape) -> None:
        assert_linear(lambda text: read_list_query(parse_qsl(text.decode())), shape, MAXIMUM_QUERY_BYTES)

    def test_a_selection(self, shape: Shape) -> None:
        assert_linear(lambda text: _ids(text.decode()), shape, MAXIMUM_FORM_BYTES, (Problem,))

    def test_a_due_time(self, shape: Shape) -> None:
        assert_linear(lambda text: due_moment(text.decode(), text.decode()), shape, MAXIMUM_FORM_BYTES, (BadDue,))
