"""Forms of the console: how much a page may send, and that little is read of what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from opsdash_gateway.app import build_app
from opsdash_gateway.console.auth.ended_sessions.routes import BACK_CHANNEL
from opsdash_http.requests.forms import FORM_BODY, MAXIMUM_BYTES, MAXIMUM_FIELDS, MEDIA_TYPES

from services.gateway.tests.conftest import make_settings
from services.gateway.tests.sign_in import ORIGIN, SESSION, signed_in

FORM = {"Origin": ORIGIN, "Content-Type": MEDIA_TYPES[0]}
TOKEN = f"csrf_token={SESSION.csrf_token}&"
HEADER = {"X-CSRF-Token": SESSION.csrf_token}
MEBIBYTE_OF_FIELDS = b"a&" * 512 * 1024


def sent(body: Any, **headers: str) -> tuple[int, str]:
    """Status, and the code of the problem or the text of the page."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = signed_in().client.post("/en/page", content=body, headers=FORM | named)
    is_problem = answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"] if is_problem else answer.text


class Unread:
    """A body that must not be asked for."""

    def __iter__(self) -> Unread:
        return self

    def __next__(self) -> bytes:
        raise AssertionError("the body was read")


class TestLimits:
    @pytest.mark.parametrize("headers", [{}, HEADER])
    def test_a_mebibyte_of_fields_is_413(self, headers: dict[str, str]) -> None:
        assert sent(MEBIBYTE_OF_FIELDS, **headers) == (413, "/problems/body-too-large")

    @pytest.mark.parametrize("unit", ["a&", "%61&", "%", "%%", "a", "&"])
    def test_so_is_whatever_decodes_to_more_than_64_kib(self, unit: str) -> None:
        body = TOKEN + unit * (MAXIMUM_BYTES // len(unit.replace("%61", "a")) + 1)
        assert sent(body) == (413, "/problems/body-too-large")

    def test_more_than_100_fields_are_400(self) -> None:
        assert sent(TOKEN + "&".join("a" * (MAXIMUM_FIELDS - 1))) == (201, "good")
        assert sent(TOKEN + "&".join("a" * MAXIMUM_FIELDS)) == (400, "/problems/too-many-fields")

    def test_the_longest_description_fits_in_any_script(self) -> None:
        for character in "aé漢":
            assert sent(TOKEN + urlencode({"description": character * 20_000})) == (201, "good")

    def test_every_route_that_takes_a_form_has_them(self, tmp_path: Any) -> None:
        application: Litestar = build_app(make_settings(tmp_path)).litestar
        handlers = [
            handler for route in application.routes if isinstance(route, HTTPRoute) for handler in route.route_handlers
        ]
        taking = [handler for handler in handlers if handler.opt.get("media_types") == MEDIA_TYPES]
        assert len(taking) > 10
        others = {handler.opt["max_body_bytes"] for handler in taking if handler.paths != {BACK_CHANNEL}}
        assert others == {FORM_BODY["max_body_bytes"]}


class TestOrder:
    def test_a_wrong_header_is_refused_before_the_body_is_read(self) -> None:
        assert sent(Unread(), X_CSRF_Token="wrong") == (403, "/problems/csrf-failed")

    def test_so_is_another_origin(self) -> None:
        assert sent(Unread(), Origin="https://evil.test") == (403, "/problems/csrf-failed")

    def test_repeated_fields_are_all_there(self) -> None:
        assert sent(f"csrf_token=wrong&{TOKEN}a=1&a=2&csrf_token=")[0] == 403
        assert sent(f"a=1&a=2&{TOKEN}") == (201, "good")
