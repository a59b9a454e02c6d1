"""The pages about identity providers: their settings exist, and what they show is what was tried."""

from __future__ import annotations

import json
import re

import pytest

from tests.architecture.sources import ROOT
from tests.docs.test_tables import settings_of_the_code
from tests.support.repository import DOCUMENTS, blocks, relative_links, text_of

FOLDER = "docs/how-to/sign-in/"
PAGES = [name for name in DOCUMENTS if name.startswith(FOLDER)]
SETTING = re.compile(r"\bOPSDASH_[A-Z][A-Z_]*[A-Z]\b")


@pytest.mark.parametrize("name", PAGES)
def test_every_setting_that_a_page_names_exists(name: str):
    known = set(settings_of_the_code())
    known |= {f"{setting}_FILE" for setting in known}
    assert set(SETTING.findall(text_of(name))) - known == set()


def test_each_page_is_in_the_index_and_the_index_is_where_people_start():
    index = text_of(f"{FOLDER}README.md")
    for name in PAGES:
        assert name.endswith("README.md") or f"({name.removeprefix(FOLDER)})" in index
    for start in ("README.md", "docs/how-to/operate.md", "docs/how-to/deploy.md"):
        assert (ROOT / FOLDER / "README.md", "") in set(relative_links(start))


def test_keycloaks_client_is_the_one_that_was_tried():
    realm = (ROOT / "tests/clients/keycloak/realm.json").read_text(encoding="utf-8")
    (tried,) = json.loads(realm.replace("@GATEWAY@", "https://support.example.com"))["clients"]
    (shown,) = blocks(f"{FOLDER}keycloak.md", "json")
    assert json.loads(shown) == tried
