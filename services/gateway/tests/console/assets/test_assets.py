"""Static files: vendored ones are what the lock says, served ones are named by their content."""

from __future__ import annotations

import gzip
import json
import re
from hashlib import sha256
from typing import Any

import pytest
from opsdash_gateway.console.assets.files import STATIC, VENDORED, Assets

VENDOR = STATIC / VENDORED
LOCK = json.loads((VENDOR / "vendor.lock").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", LOCK, ids=lambda entry: entry["file"])
def test_a_vendored_file_is_the_one_of_the_lock(entry: dict[str, Any]):
    assert sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["version"]
    assert entry["licence"]


def test_nothing_is_vendored_without_a_line_in_the_lock():
    assert {path.name for path in VENDOR.iterdir()} == {entry["file"] for entry in LOCK} | {"vendor.lock"}


@pytest.mark.parametrize("kind", ["css", "js"])
def test_no_two_files_of_the_rooms_have_one_name(kind: str):
    """They are joined by name, whatever room they are in."""
    names = [path.name for path in STATIC.glob(f"*/*.{kind}") if path.parent != VENDOR]
    assert len(names) == len(set(names)) > 0


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


def test_our_listeners_stand_before_htmx(assets: Assets):
    found = assets.served(assets.address("app.js").removeprefix("/static/"))
    assert found is not None
    text = found.content.decode()
    assert text.index("window.opsdash =") < text.index("var htmx=")


def test_styles_name_the_fonts_by_their_served_address(assets: Assets):
    found = assets.served(assets.address("app.css").removeprefix("/static/"))
    assert found is not None
    addresses = re.findall(r'url\("([^"]+)"\)', found.content.decode())
    assert addresses
    assert all(assets.served(address.removeprefix("/static/")) for address in addresses)


class TestServing:
    async def test_for_ever_and_compressed(self, gateway: Any, assets: Assets):
        address = assets.address("app.css")
        status, headers, body = await gateway.call("GET", address, token="")
        assert status == 200
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["content-type"].startswith("text/css")
        assert sha256(body).hexdigest()[:12] in address

    async def test_a_name_of_another_release_is_not_found(self, gateway: Any):
        status, _, _ = await gateway.call("GET", "/static/app.000000000000.css", token="")
        assert status == 404


def test_what_compresses_is_compressed_once(assets: Assets):
    found = assets.served(assets.address("app.js").removeprefix("/static/"))
    assert found is not None
    assert found.compressed is not None
    assert gzip.decompress(found.compressed) == found.content
