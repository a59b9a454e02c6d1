"""The software bill of materials: all that runs is in it, with a licence."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OURS = "opsdash-"
#: Packages of other platforms, which this one never installs.
ELSEWHERE = {"colorama", "tzdata"}


@pytest.fixture(scope="module")
def components() -> list[dict[str, Any]]:
    make = shutil.which("make") or "make"
    done = subprocess.run([make, "--silent", "sbom"], cwd=ROOT, check=True, capture_output=True, text=True)
    document = json.loads(done.stdout)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    return list(document["components"])


def test_every_dependency_that_is_declared_is_in_it(components: list[dict[str, Any]]):
    names = {component["name"] for component in components}
    for project in (*ROOT.glob("services/*/pyproject.toml"), ROOT / "contracts/pyproject.toml"):
        declared = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
        assert {_name(text) for text in declared} <= names


def test_each_has_a_version_and_a_licence(components: list[dict[str, Any]]):
    foreign = [component for component in components if not component["name"].startswith(OURS)]
    assert len(foreign) > 50
    without = {component["name"] for component in components if not component.get("licenses")}
    assert without <= ELSEWHERE
    assert all(component["version"] and component["purl"] for component in foreign)


def test_ours_have_the_licence_that_they_name(components: list[dict[str, Any]]):
    ours = {component["name"]: component["licenses"] for component in components if component["name"].startswith(OURS)}
    assert len(ours) > 5
    assert all(licences == [{"expression": "Apache-2.0"}] for licences in ours.values())


def test_what_browsers_get_is_in_it(components: list[dict[str, Any]]):
    found = {component["name"] for component in components if component.get("purl", "").startswith("pkg:npm/")}
    assert found >= {"htmx.org", "driver.js", "swagger-ui-dist"}


def _name(requirement: str) -> str:
    return re.split(r"[\[;<>=~ ]", requirement, maxsplit=1)[0].lower()
