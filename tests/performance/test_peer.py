"""The part that needs Request Tracker: not measured unless asked for, and what stands beside what."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks import __main__ as bench
from benchmarks import request_tracker
from benchmarks.figures import Latency
from benchmarks.measuring import Measured
from benchmarks.parts import peer
from benchmarks.requests import scenarios


def measured(*, cpu_ms: float, p50: float) -> Measured:
    return Measured(10.0, Latency(p50, p50, p50, p50), {"server": cpu_ms})


def test_without_request_tracker_it_names_the_packages_and_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(request_tracker, "SERVER", tmp_path / "rt-server")
    monkeypatch.setattr("sys.argv", ["bench", "--only", "peer", "--data", str(tmp_path / "data")])
    with pytest.raises(SystemExit, match="not measured: peer"):
        bench.main()
    told = capsys.readouterr().err
    assert re.search(rf"\({re.escape(str(tmp_path / 'rt-server'))}\b.* not found\)", told)
    assert "apt-get install --no-install-recommends request-tracker5 rt5-db-postgresql" in told
    assert not (tmp_path / "data" / "small").exists()


def test_it_is_not_measured_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    measured: list[str] = []
    monkeypatch.setattr(bench, "_measure", lambda name, *_: measured.append(name))
    monkeypatch.setattr("sys.argv", ["bench", "--data", str(tmp_path)])
    bench.main()
    assert "requests" in measured
    assert "peer" not in measured


def test_each_of_its_scenarios_stands_beside_one_of_the_product_that_answers_alike():
    ours = {scenario.name: scenario for scenario in scenarios("token", ["id"])}
    asked = peer.asked_of_peer({"Cookie": "session"}, {"Authorization": "token x"}, [7, 9])
    assert len({each.name for each in asked}) == len(asked)
    for each in asked:
        assert {request.method for request in each.requests} == {request.method for request in ours[each.of].product}
        assert each.expected.status == ours[each.of].expected.status


def test_a_list_asks_for_as_many_rows_as_that_of_the_product():
    [listed, searched, *_] = peer.asked_of_peer({}, {}, [7])
    for each in (listed, searched):
        query = parse_qs(urlsplit(each.requests[0].path).query)
        assert query["per_page"] == ["25"]
        assert each.expected.contains == '"count" : 25', "fewer rows would be quicker"
    assert query["query"] == ["Subject LIKE 'invoice number'"]


def test_a_machine_too_busy_to_fill_it_says_so():
    with pytest.raises(SystemExit, match=r"made 149 tickets in 120 s, .* needs 150; measure again"):
        peer.require_enough(149)
    peer.require_enough(150)


def test_of_the_rounds_the_least_counts_of_each_figure():
    product = [measured(cpu_ms=3.0, p50=5.0), measured(cpu_ms=2.0, p50=6.0)]
    others = [measured(cpu_ms=20.0, p50=90.0), measured(cpu_ms=30.0, p50=80.0)]
    table = peer.figures([peer.Compared("list", product, others)])
    assert table.rows == [("list", 2.0, 20.0, 5.0, 80.0)]
