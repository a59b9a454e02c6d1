"""Rules and dashboard: expressions that parse, metrics and labels that exist, and a page that says what to do."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import prometheus_client
import promql_parser
import pytest
import yaml

from tests.architecture.sources import ROOT
from tests.docs.test_tables import metric_modules
from tests.support.repository import text_of

FOLDER = ROOT / "deploy" / "observability"
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "rules.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
PANELS: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))["panels"]
EXPRESSIONS = {rule["alert"]: rule["expr"] for rule in RULES} | {
    panel["title"]: target["expr"] for panel in PANELS for target in panel["targets"]
}
#: Labels that Prometheus itself adds, and the metric of another exporter.
SCRAPED = {"job", "instance", "namespace", "pod", "le"}
FOREIGN = {"kube_cronjob_status_last_successful_time"}


@cache
def exposed() -> dict[str, set[str]]:
    """Every series of ours with its labels."""
    found: dict[str, set[str]] = {}
    for module in metric_modules():
        for metric in vars(module).values():
            if isinstance(metric, prometheus_client.Counter):
                found[f"{metric._name}_total"] = set(metric._labelnames)
            elif isinstance(metric, prometheus_client.Histogram):
                found |= {f"{metric._name}_{end}": set(metric._labelnames) for end in ("bucket", "count", "sum")}
            elif isinstance(metric, prometheus_client.Gauge):
                found[metric._name] = set(metric._labelnames)
    return found


@pytest.mark.parametrize("name", EXPRESSIONS)
class TestEveryExpression:
    def test_it_is_promql(self, name: str):
        promql_parser.parse(EXPRESSIONS[name])

    def test_its_metrics_and_labels_exist(self, name: str):
        series = re.findall(r"\b(opsdash_\w+|kube_\w+)(?:\{([^}]*)\})?", EXPRESSIONS[name])
        assert series
        labels = set().union(*(exposed()[metric] for metric, _ in series if metric not in FOREIGN), SCRAPED)
        for metric, matchers in series:
            if metric not in FOREIGN:
                assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= exposed()[metric] | SCRAPED
        for grouped in re.findall(r"\bby \(([^)]*)\)", EXPRESSIONS[name]):
            assert set(grouped.split(", ")) <= labels


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong_and_where_to_read_what_to_do(rule: dict[str, Any]):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    assert rule["alert"] in headings
    assert anchor == rule["alert"].lower()


def test_no_heading_of_the_page_is_about_an_alert_that_is_gone():
    headings = re.findall(r"^### (.*)$", text_of("docs/how-to/alerts.md"), re.MULTILINE)
    assert sorted(headings) == sorted(rule["alert"] for rule in RULES)


def test_the_dashboard_shows_rate_errors_and_time_of_routes_and_handlers():
    shown = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    for series in ("http_request_seconds", "event_handler_seconds", "outbox", "lag", "dead_letters", "lateness", "cap"):
        assert series in shown


def test_the_dashboard_shows_how_many_live_streams_are_open_and_what_they_are_told():
    shown = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    for series in ("live_streams", "live_signals", "live_resyncs"):
        assert series in shown


def test_no_panel_covers_another():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in PANELS]
    assert len(set(places)) == len({panel["id"] for panel in PANELS}) == len(PANELS)
