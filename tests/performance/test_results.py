"""The results file: a run replaces the parts it measured, and the page shows all of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.findings import Findings, Table, Target
from benchmarks.options import read
from benchmarks.results import PUBLISHED, Results


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path / "not" / "yet" / "there")


def found(rate: float) -> Findings:
    table = Table("Rates", ("what", "req/s", "note"), [("list", rate, None)])
    return Findings([table], [Target.at_least("list", 500, rate, " req/s")])


def test_a_part_measured_again_replaces_only_itself(results: Results):
    results.record("first", "First", found(100.0), load_average=0.5)
    results.record("second", "Second", found(200.0), load_average=0.5)
    results.record("first", "First", found(1300.0), load_average=0.1)
    kept = json.loads(results.json.read_text(encoding="utf-8"))
    assert {name: part["tables"][0]["rows"][0]["req/s"] for name, part in kept.items()} == {
        "first": 1300.0,
        "second": 200.0,
    }
    assert kept["first"]["load_average_before"] == 0.1


def test_the_page_says_what_was_wanted_and_shows_parts_in_the_order_asked_for(results: Results):
    results.record("slow", "Slow part", found(100.0), load_average=0.5)
    results.record("quick", "Quick part", found(1300.0), load_average=0.5)
    results.write_page(["quick", "never measured", "slow"])
    page = results.page.read_text(encoding="utf-8")
    assert "| list | ≥ 500 req/s | 1,300 req/s | yes |" in page
    assert "| list | ≥ 500 req/s | 100 req/s | **no** |" in page
    assert "| list | 1,300.0 |  |" in page
    assert page.index("Quick part") < page.index("Slow part")


class TestWhereTheyGo:
    """What is in the repository changes only by a run that is told to publish."""

    @pytest.fixture
    def published(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = tmp_path / "published"
        monkeypatch.setattr(bench.results, "PUBLISHED", folder)
        monkeypatch.setitem(bench.PARTS, "storage", bench.Part("Storage", lambda options: found(700.0)))
        return folder

    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
        monkeypatch.setattr("sys.argv", ["bench", "--only", "storage", *arguments])
        bench.main()

    def test_a_run_prints_its_tables_and_keeps_them_with_its_data(
        self, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        self.run(monkeypatch, "--data", str(tmp_path))
        assert "| list | 700.0 |  |" in capsys.readouterr().out
        assert {path.name for path in (tmp_path / "results").iterdir()} == {"results.json", "RESULTS.md"}
        assert not published.exists()

    def test_a_run_that_is_asked_to_record_publishes(
        self, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        self.run(monkeypatch, "--data", str(tmp_path), "--record")
        assert "700" in (published / "RESULTS.md").read_text(encoding="utf-8")
        assert not (tmp_path / "results").exists()

    def test_git_ignores_what_is_kept_without_being_asked(self):
        kept = PUBLISHED.parent / read(list(bench.PARTS), None, []).data
        assert kept.name.startswith(".data")
        assert ".data*/" in (PUBLISHED.parent / ".gitignore").read_text(encoding="utf-8").split()


@pytest.mark.parametrize(("measured", "held"), [(20, True), (20.1, False)])
def test_a_target_is_held_up_to_its_very_value(measured: float, held: bool):
    assert Target.at_most("p50", 20, measured, " ms").held is held
