"""What GitHub reads: the workflow calls .ci/run, templates are forms, owners are of folders that exist."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.architecture.sources import ROOT

GITHUB = ROOT / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")


def test_the_workflow_runs_what_a_change_must_pass():
    workflow = yaml.safe_load((GITHUB / "workflows/ci.yml").read_text(encoding="utf-8"))
    steps = [step.get("run") for job in workflow["jobs"].values() for step in job["steps"]]
    assert steps[-1] == ".ci/run"
    assert workflow["permissions"] == {"contents": "read"}
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_each_issue_form_asks_something_that_is_required(form: Path):
    read = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= read.keys()
    fields = [field for field in read["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_owners_are_named_for_all_and_for_what_exists():
    lines = (ROOT / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*"
    assert all((ROOT / pattern.strip("/")).exists() for pattern, *_ in rules[1:])
    assert all(owners and all(owner.startswith("@") for owner in owners) for _, *owners in rules)
