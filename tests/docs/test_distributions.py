"""Every distribution names its licence and has its README, and the changelog tells of their one version."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.dependencies import members
from tests.architecture.sources import ROOT

LONGEST_README = 20
LICENCE = "Apache-2.0"
_HEADING = re.compile(r"^## \[(.+?)\](?: - \d{4}-\d{2}-\d{2})?$", re.MULTILINE)


def folders(root: Path) -> list[Path]:
    """Those of all distributions, the root's first."""
    return [root, *members(root)]


def project_of(folder: Path) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


def faults(folder: Path, licence: str) -> Iterator[str]:
    """What a distribution lacks of its licence and README."""
    project = project_of(folder)
    if (project.get("license"), project.get("license-files")) != (LICENCE, ["LICENSE"]):
        yield "names no licence"
    if not (folder / "LICENSE").is_file() or (folder / "LICENSE").read_text(encoding="utf-8") != licence:
        yield "has another licence's text"
    readme = folder / "README.md"
    if project.get("readme") != "README.md" or not readme.is_file():
        yield "has no README"
    elif folder != ROOT and not is_short_readme(readme.read_text(encoding="utf-8"), project["name"]):
        yield "has a README that is long, or of another distribution, or names no entry points or tests"


def is_short_readme(text: str, name: str) -> bool:
    named = text.startswith(f"# {name}\n") and "**Entry points**" in text and "**Tests**" in text
    return named and len(text.splitlines()) <= LONGEST_README


def newest_in(changelog: str) -> str:
    return _HEADING.findall(changelog)[0]


def licence_text() -> str:
    return (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", folders(ROOT), ids=lambda folder: project_of(folder)["name"])
def test_each_distribution_names_the_licence_and_has_its_readme(folder: Path):
    assert list(faults(folder, licence_text())) == []


def test_the_licence_is_the_whole_apache_licence():
    assert re.search(r"Apache License\s+Version 2\.0, January 2004", licence_text())
    assert "9. Accepting Warranty or Additional Liability" in licence_text()
    assert "END OF TERMS AND CONDITIONS" in licence_text()


def test_a_distribution_without_them_is_found(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "opsdash-planted"\nversion = "0.1.0"\n')
    assert list(faults(tmp_path, licence_text())) == [
        "names no licence",
        "has another licence's text",
        "has no README",
    ]


def test_all_distributions_and_the_image_have_one_version():
    versions = {project_of(folder)["version"] for folder in folders(ROOT)}
    dockerfile = (ROOT / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
    assert versions == set(re.findall(r"^ARG VERSION=(\S+)$", dockerfile, re.MULTILINE))
    assert len(versions) == 1


def test_the_changelog_begins_with_that_version_or_what_is_unreleased():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert newest_in(changelog) in {"Unreleased", project_of(ROOT)["version"]}


def test_the_newest_entry_is_read_from_the_first_heading():
    assert newest_in("# Changelog\n\n## [0.2.0] - 2026-12-01\n\n## [0.1.0] - 2026-11-30\n") == "0.2.0"
    assert newest_in("# Changelog\n\n## [Unreleased]\n") == "Unreleased"
