"""The results file: a run replaces the parts it measured, and the page shows all of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.findings import Findings, Table, Target


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(results, "JSON", tmp_path / "results.json")
    monkeypatch.setattr(results, "PAGE", tmp_path / "RESULTS.md")


def found(rate: float) -> Findings:
    table = Table("Rates", ("what", "req/s", "note"), [("list", rate, None)])
    return Findings([table], [Target.at_least("list", 500, rate, " req/s")])


def test_a_part_measured_again_replaces_only_itself():
    results.record("first", "First", found(100.0), load_average=0.5)
    results.record("second", "Second", found(200.0), load_average=0.5)
    results.record("first", "First", found(1300.0), load_average=0.1)
    kept = json.loads(results.JSON.read_text(encoding="utf-8"))
    assert {name: part["tables"][0]["rows"][0]["req/s"] for name, part in kept.items()} == {
        "first": 1300.0,
        "second": 200.0,
    }
    assert kept["first"]["load_average_before"] == 0.1


def test_the_page_says_what_was_wanted_and_shows_parts_in_the_order_asked_for():
    results.record("slow", "Slow part", found(100.0), load_average=0.5)
    results.record("quick", "Quick part", found(1300.0), load_average=0.5)
    results.write_page(["quick", "never measured", "slow"])
    page = results.PAGE.read_text(encoding="utf-8")
    assert "| list | ≥ 500 req/s | 1,300 req/s | yes |" in page
    assert "| list | ≥ 500 req/s | 100 req/s | **no** |" in page
    assert "| list | 1,300.0 |  |" in page
    assert page.index("Quick part") < page.index("Slow part")


@pytest.mark.parametrize(("measured", "held"), [(20, True), (20.1, False)])
def test_a_target_is_held_up_to_its_very_value(measured: float, held: bool):
    assert Target.at_most("p50", 20, measured, " ms").held is held
