"""Faults as tests for `promtool test rules`: what must be silent until when, and which alerts fire then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.sources import ROOT
from tests.deploy.alerts.world import STEP_SECONDS, Fault, Told, Value, input_series
from tests.support.requirements import said_by_promtool

FILE = ROOT / "deploy" / "observability" / "rules.yaml"
GROUPS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["groups"]
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in GROUPS for rule in group["rules"] if "alert" in rule
}
HEALTHY_SECONDS = 600
AFTERWARDS_SECONDS = 300

Suite = dict[str, Any]


def complaints(folder: Path, groups: list[dict[str, Any]], *tests: Suite) -> str:
    """What `promtool test rules` has against these rules; empty when every test holds."""
    (folder / "rules.yaml").write_text(json.dumps({"groups": groups}), encoding="utf-8")
    suite = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": f"{STEP_SECONDS}s",
        "group_eval_order": [group["name"] for group in groups],
        "tests": list(tests),
    }
    (folder / "tests.yaml").write_text(json.dumps(suite), encoding="utf-8")
    return said_by_promtool("test", "rules", folder / "tests.yaml")


def as_rules(queries: Sequence[str], folder: Path) -> Path:
    """A file of rules that record each query, for promtool to parse."""
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = folder / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    return file


def holds_seconds(alert: str) -> int:
    """For how long its expression must hold."""
    return int(ALERTS[alert].get("for", "0m").removesuffix("m")) * 60


def healthy() -> Suite:
    return _suite({}, 0, *(_told(seconds) for seconds in range(0, 2400, 300)))


def broken(fault: Fault) -> Suite:
    """Silent before, silent for as long as the alert waits, then told, and nothing else is for a while."""
    waits = holds_seconds(fault.alert)
    fires = HEALTHY_SECONDS + fault.minutes * 60 + waits
    silent = [HEALTHY_SECONDS - STEP_SECONDS, *([HEALTHY_SECONDS + waits - STEP_SECONDS] if waits else [])]
    watched = sorted({fires, fires + fault.watched_minutes * 60})
    return _suite(
        fault.changes,
        watched[-1] - HEALTHY_SECONDS + STEP_SECONDS,
        *(_told(seconds) for seconds in silent),
        *(_told(seconds, fault.alert, fault.told) for seconds in watched),
    )


def interrupted(fault: Fault) -> Suite:
    """The fault ends before it counts: silent to the end."""
    gap = gap_seconds(fault)
    end = HEALTHY_SECONDS + gap + holds_seconds(fault.alert) + AFTERWARDS_SECONDS
    return _suite(fault.changes, gap, *(_told(seconds) for seconds in range(HEALTHY_SECONDS, end, STEP_SECONDS)))


def gap_seconds(fault: Fault) -> int:
    return holds_seconds(fault.alert) - STEP_SECONDS if fault.gap_seconds is None else fault.gap_seconds


def _suite(changes: Mapping[str, Value], broken_seconds: int, *moments: Iterable[Suite]) -> Suite:
    tests = [test for moment in moments for test in moment]
    steps = max(int(test["eval_time"].removesuffix("s")) for test in tests) // STEP_SECONDS + 1
    start = HEALTHY_SECONDS // STEP_SECONDS
    series = input_series(changes, range(start, start + broken_seconds // STEP_SECONDS), steps)
    return {"interval": f"{STEP_SECONDS}s", "input_series": series, "alert_rule_test": tests}


def _told(seconds: int, alert: str = "", told: Iterable[Told] = ()) -> Iterator[Suite]:
    """What each alert of the rules says at that moment."""
    for name, rule in ALERTS.items():
        expected = [
            {
                "exp_labels": {**rule["labels"], **one.labels},
                "exp_annotations": {"summary": one.summary, "runbook_url": rule["annotations"]["runbook_url"]},
            }
            for one in (told if name == alert else ())
        ]
        yield {"eval_time": f"{seconds}s", "alertname": name, "exp_alerts": expected}
