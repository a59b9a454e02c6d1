"""Rules and dashboard: expressions that parse, metrics, labels and jobs that exist, and where to read what to do."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import prometheus_client
import promql_parser
import pytest
import yaml

from tests.architecture.sources import ROOT
from tests.docs.test_tables import metric_modules
from tests.support.repository import of_kind

FOLDER = ROOT / "deploy" / "observability"
PAGE = "docs/how-to/alerts.md"
GRID_COLUMNS = 24
GROUPS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "rules.yaml").read_text(encoding="utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
RECORDED: dict[str, str] = {
    rule["record"]: rule["expr"] for group in GROUPS for rule in group["rules"] if "record" in rule
}
PANELS: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))["panels"]
EXPRESSIONS = (
    RECORDED
    | {rule["alert"]: rule["expr"] for rule in RULES}
    | {f"{panel['title']} ({target['refId']})": target["expr"] for panel in PANELS for target in panel["targets"]}
)
#: Labels that Prometheus itself adds.
SCRAPED = {"job", "instance", "namespace", "pod", "le"}
#: What others tell: Prometheus of its targets, kube-state-metrics of the cluster, the client library of the process.
FOREIGN: dict[str, set[str]] = {
    "up": set(),
    "kube_cronjob_status_last_successful_time": {"cronjob"},
    "kube_deployment_status_replicas_available": {"deployment"},
    "kube_deployment_spec_replicas": {"deployment"},
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
}
SERIES = re.compile(r"(?<![\w:\"])((?:job:)?opsdash[_:][\w:]+|kube_\w+|process_\w+|up)\b(?:\{([^}]*)\})?")
#: Labels that a rule makes itself.
MADE = re.compile(r"label_replace\(.*?, \"(\w+)\", \"", re.DOTALL)


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


def known() -> dict[str, set[str]]:
    return exposed() | FOREIGN | {name: set() for name in RECORDED}


def scraped_jobs() -> list[str]:
    """What the ServiceMonitor finds: without a `jobLabel` the job is the name of the Kubernetes Service."""
    (monitor,) = of_kind("production", "ServiceMonitor")
    assert "jobLabel" not in monitor["spec"]
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    found = [one for one in of_kind("production", "Service") if wanted <= one["metadata"]["labels"].items()]
    for service in found:
        assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]
    return sorted(service["metadata"]["name"] for service in found)


@pytest.mark.parametrize("name", EXPRESSIONS)
class TestEveryExpression:
    def test_it_is_promql(self, name: str):
        promql_parser.parse(EXPRESSIONS[name])

    def test_its_metrics_and_labels_exist(self, name: str):
        series = SERIES.findall(EXPRESSIONS[name])
        assert series
        labels = set().union(*(known()[metric] for metric, _ in series), SCRAPED, MADE.findall(EXPRESSIONS[name]))
        for metric, matchers in series:
            assert set(re.findall(r"(\w+)\s*(?:=~?|!=|!~)", matchers)) <= known()[metric] | SCRAPED
        for grouped in re.findall(r"\b(?:by|on) \(([^)]*)\)", EXPRESSIONS[name]):
            assert set(grouped.split(", ")) - {""} <= labels

    def test_its_jobs_are_those_that_are_scraped(self, name: str):
        matched = re.findall(r'\bjob!?=~?"([^"]*)"', EXPRESSIONS[name])
        assert {job for jobs in matched for job in jobs.split("|")} <= set(scraped_jobs())


def test_every_scraped_service_is_asked_for_by_name():
    """Nothing else notices that all its series are gone."""
    line = re.compile(r"\b(up\{namespace=\"opsdash\", job=\"([a-z-]+)\"\}) or absent\(\1\) - 1$", re.MULTILINE)
    asked = line.findall(RECORDED["job:opsdash_replicas_up:sum"])
    assert sorted(job for _, job in asked) == scraped_jobs()


def test_what_is_asked_of_kubernetes_is_there():
    assert {one["metadata"]["name"] for one in of_kind("production", "Deployment")} == set(scraped_jobs())
    named_jobs = set(re.findall(r'cronjob="([^"]+)"', " ".join(EXPRESSIONS.values())))
    assert named_jobs == {one["metadata"]["name"] for one in of_kind("production", "CronJob")}


def test_the_library_tells_memory_and_processor_time_of_the_process(tmp_path: Path):
    """Of one on Linux, where services run; elsewhere it tells nothing of a process."""
    (tmp_path / "stat").write_text("btime 1\n")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "stat").write_text(f"1 (python) S{' 1' * 40}\n")
    collector = prometheus_client.ProcessCollector(proc=str(tmp_path), pid=lambda: 1, registry=None)
    told = {sample.name for metric in collector.collect() for sample in metric.samples}
    assert {name for name in FOREIGN if name.startswith("process_")} <= told


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong_and_where_to_read_what_to_do(rule: dict[str, Any]):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"{PAGE}#{rule['alert'].lower()}"


def test_the_page_in_the_cluster_is_the_one_of_the_setting():
    setting = re.search(
        r"^RUNBOOKS=(https://\S+)$", (FOLDER / "runbooks.env").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert setting
    (rules,) = of_kind("production", "PrometheusRule")
    told = {
        rule["alert"]: rule["annotations"]["runbook_url"]
        for group in rules["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert told == {rule["alert"]: f"{setting[1]}#{rule['alert'].lower()}" for rule in RULES}


def shown() -> str:
    return " ".join(target["expr"] for panel in PANELS for target in panel["targets"])


def test_the_dashboard_shows_rate_errors_and_time_of_routes_and_handlers():
    for series in ("http_request_seconds", "event_handler_seconds", "outbox", "lag", "dead_letters", "lateness", "cap"):
        assert series in shown()


def test_the_dashboard_shows_how_many_live_streams_are_open_and_what_they_are_told():
    for series in ("live_streams", "live_signals", "live_resyncs"):
        assert series in shown()


def test_the_dashboard_shows_replicas_memory_and_processor_time():
    for series in ("replicas_up", "replicas_available", "spec_replicas", "resident_memory_bytes", "cpu_seconds"):
        assert series in shown()


def test_no_panel_covers_another():
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < GRID_COLUMNS
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
