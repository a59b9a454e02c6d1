"""The development issuer: it works locally, for listed people only, and cannot exist anywhere else."""

from __future__ import annotations

import json
import os
import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from litestar.testing import TestClient
from opsdash_chassis.errors import StartupError
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.dev_issuer.signing import load_or_create_key
from opsdash_local.gateway.app import build_app
from pydantic import ValidationError

from services.gateway.tests.test_settings import SETTINGS
from tests.support.web_clients import Browser

PERSON = "11111111-1111-4111-8111-111111111111"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


class TestSignIn:
    async def test_a_token_opens_the_api(self, gateway: Any) -> None:
        assert (await gateway.call("GET", "/api/me"))[0] == 200

    async def test_strangers_get_no_token(self, gateway: Any) -> None:
        status, _, _ = await gateway.call("POST", "/dev/token", token="", json={"user_id": str(uuid4())})
        assert status == 404
        assert (await gateway.call("GET", f"/dev/sign-in/{uuid4()}", token=""))[0] == 404

    @pytest.mark.parametrize("body", [{}, {"user_id": "x"}, {"user_id": PERSON, "role": "owner"}])
    async def test_bad_requests_are_400(self, gateway: Any, body: dict[str, Any]) -> None:
        assert (await gateway.call("POST", "/dev/token", token="", json=body))[0] == 400

    async def test_the_key_set_holds_no_private_part(self, gateway: Any) -> None:
        for path in ("/dev/jwks.json", "/dev/jwks"):
            _, _, body = await gateway.call("GET", path, token="")
            (key,) = json.loads(body)["keys"]
            assert key.keys() == {"kty", "crv", "x", "kid", "alg", "use"}

    async def test_the_list_of_people_has_its_style_sheet(self, gateway: Any) -> None:
        _, _, page = await gateway.call("GET", "/dev/sign-in", token="")
        found = re.search(r'<link rel="stylesheet" href="(/dev/[^"]+)">', page.decode())
        assert found
        status, headers, body = await gateway.call("GET", found[1], token="")
        assert (status, headers["content-type"].partition(";")[0]) == (200, "text/css")
        assert b".person" in body

    @pytest.mark.parametrize("path", ["/dev/sign-in", f"/dev/sign-in/{PERSON}/token"])
    async def test_pages_are_plain_and_escaped(self, gateway: Any, path: str) -> None:
        status, headers, body = await gateway.call("GET", path, token="")
        tags = Tags()
        tags.feed(body.decode())
        assert status == 200
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "admin" not in {tag for tag, _ in tags.found}
        assert not {"style", "form"} & {tag for tag, _ in tags.found}
        assert all((found["src"] or "").startswith("/static/") for tag, found in tags.found if tag == "script")
        assert "Ada &lt;Admin&gt;" in body.decode()

    async def test_a_persons_page_has_a_command_to_try(self, gateway: Any) -> None:
        _, _, body = await gateway.call("GET", f"/dev/sign-in/{PERSON}/token", token="")
        assert "curl -H &quot;Authorization: Bearer $TOKEN&quot;" in body.decode()
        assert "/api/orgs/brightside/tickets" in body.decode()

    async def test_and_one_that_ends_their_sessions_as_a_provider_does(self, gateway: Any) -> None:
        browser = Browser(gateway.session, gateway.url)
        await browser.follow(f"/dev/sign-in/{PERSON}")
        _, _, body = await gateway.call("GET", f"/dev/sign-in/{PERSON}/token", token="")
        found = re.search(r"curl -d logout_token=(\S+) \S+(/sign-out/back-channel)<", body.decode())
        assert found
        assert not (await browser.get("/")).location.startswith("/en/sign-in")
        status, _, _ = await gateway.call("POST", found[2], token="", data={"logout_token": found[1]})
        assert status == 200
        assert (await browser.get("/")).location.startswith("/en/sign-in")


class TestKeyFile:
    def test_is_made_once_and_for_its_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "key.pem"
        first, second = load_or_create_key(path), load_or_create_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert first.private_bytes_raw() == second.private_bytes_raw()

    def test_a_broken_file_stops_the_start(self, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        path.write_text("nonsense")
        with pytest.raises(StartupError, match=rf"development key {path} .*remove it and start again"):
            load_or_create_key(path)

    def test_a_process_that_is_killed_while_it_makes_the_key_leaves_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        path = tmp_path / "key.pem"
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdopen", killed)
            with pytest.raises(KeyboardInterrupt):
                load_or_create_key(path)
        assert not path.exists()
        assert load_or_create_key(path).private_bytes_raw()


class TestSettings:
    @pytest.mark.parametrize("name", ["dev_issuer_key_file", "dev_people_file"])
    def test_production_refuses_the_issuer(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="local profile only"):
            LocalGatewaySettings(**SETTINGS | {name: tmp_path / "x"})

    def test_one_file_without_the_other_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="belong together"):
            LocalGatewaySettings(**SETTINGS, profile="local", dev_people_file=tmp_path / "x")

    def test_production_has_no_route_of_the_issuer(self) -> None:
        client = TestClient(build_app(LocalGatewaySettings(**SETTINGS)), base_url=SETTINGS["public_url"])
        for path in ("/dev/sign-in", "/dev/jwks.json", "/dev/jwks", f"/dev/sign-in/{PERSON}"):
            assert client.get(path).status_code == 404
        assert client.post("/dev/token", json={"user_id": PERSON}).status_code == 404
        assert client.get("/dev/.well-known/openid-configuration").status_code == 404
        assert client.get("/dev/authorize").status_code == 404
