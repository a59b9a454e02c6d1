"""Every alert fires in its fault and names it, alone; a healthy installation and a short interruption are silent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.alerts import suites
from tests.deploy.alerts.faults import FAULTS
from tests.deploy.alerts.world import Fault
from tests.support.requirements import said_by_promtool

Rule = dict[str, Any]
PANELS = json.loads(suites.FILE.with_name("dashboard.json").read_text(encoding="utf-8"))["panels"]
DASHBOARD = [target["expr"] for panel in PANELS for target in panel["targets"]]
BY_NAME = {fault.name: fault for fault in FAULTS}
EACH_FAULT = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.alert}: {fault.name}")
NEEDS_PROMTOOL = pytest.mark.needs("promtool")


def without_a_fault(alerts: set[str]) -> set[str]:
    """Alerts that nobody has seen fire."""
    return alerts - {fault.alert for fault in FAULTS}


def changed(alert: str, change: Callable[[Rule], None]) -> list[dict[str, Any]]:
    """The groups of rules with a mistake in one of them."""
    groups = deepcopy(suites.GROUPS)
    (rule,) = (rule for group in groups for rule in group["rules"] if rule.get("alert") == alert)
    change(rule)
    return groups


class TestEveryAlertHasAFault:
    def test_none_is_without(self):
        assert without_a_fault(set(suites.ALERTS)) == set()

    def test_a_new_one_would_be_seen(self):
        assert without_a_fault({*suites.ALERTS, "DiskFull"}) == {"DiskFull"}


@NEEDS_PROMTOOL
class TestFaults:
    def test_prometheus_takes_the_rules(self):
        assert said_by_promtool("check", "rules", "--lint-fatal", suites.FILE) == ""

    def test_prometheus_takes_every_query_of_the_dashboard(self, tmp_path: Path):
        assert said_by_promtool("check", "rules", suites.as_rules(DASHBOARD, tmp_path)) == ""

    def test_a_query_that_is_none_is_seen(self, tmp_path: Path):
        assert "could not parse expression" in said_by_promtool(
            "check", "rules", suites.as_rules(["sum by (job) up"], tmp_path)
        )

    def test_a_healthy_installation_is_silent(self, tmp_path: Path):
        assert suites.complaints(tmp_path, suites.GROUPS, suites.healthy()) == ""

    @EACH_FAULT
    def test_it_is_told_in_time_and_once(self, fault: Fault, tmp_path: Path):
        assert suites.complaints(tmp_path, suites.GROUPS, suites.broken(fault)) == ""

    @pytest.mark.parametrize(
        "fault",
        [fault for fault in FAULTS if suites.gap_seconds(fault) > 0],
        ids=lambda fault: f"{fault.alert}: {fault.name}",
    )
    def test_a_short_interruption_is_silent(self, fault: Fault, tmp_path: Path):
        assert suites.complaints(tmp_path, suites.GROUPS, suites.interrupted(fault)) == ""


@NEEDS_PROMTOOL
class TestAMistakeInTheRulesIsSeen:
    def test_an_alert_that_never_fires(self, tmp_path: Path):
        groups = changed("ServiceDown", lambda rule: rule.update(expr="job:opsdash_replicas_up:sum < 0"))
        said = suites.complaints(tmp_path, groups, suites.broken(BY_NAME["everything is down"]))
        assert "alertname: ServiceDown" in said

    def test_a_service_that_no_rule_asks_for(self, tmp_path: Path):
        groups = deepcopy(suites.GROUPS)
        rule = groups[0]["rules"][0]
        rule["expr"] = re.sub(r"or absent\(up\{[^}]*tickets[^}]*\}\) - 1", "", rule["expr"])
        said = suites.complaints(tmp_path, groups, suites.broken(BY_NAME["no process of tickets is left"]))
        assert "alertname: ServiceDown" in said

    def test_an_alert_that_does_not_wait(self, tmp_path: Path):
        groups = changed("BrokerAway", lambda rule: rule.update({"for": "0m"}))
        assert "alertname: BrokerAway" in suites.complaints(
            tmp_path, groups, suites.interrupted(BY_NAME["the broker is away"])
        )

    @pytest.mark.parametrize(
        ("fault", "second"),
        [
            ("no process of tickets is left", "DependencyAway"),
            ("no process of comments is left", "RequestsFail"),
            ("the database of tickets is away", "ServiceNotReady"),
            ("the database of tickets is away", "NobodyPublishes"),
            ("the database of sla-monitor is away", "BreachesNotTold"),
            ("the database of sla-monitor is away", "CronJobFails"),
            ("the database of comments is away", "MessageHeldLong"),
            ("the broker is away", "EventsNotPublished"),
        ],
    )
    def test_a_consequence_that_pages_too(self, fault: str, second: str, tmp_path: Path):
        groups = changed(second, lambda rule: rule.update(expr=rule["expr"].partition("unless")[0]))
        said = suites.complaints(tmp_path, groups, suites.broken(BY_NAME[fault]))
        assert f"alertname: {second}" in said
