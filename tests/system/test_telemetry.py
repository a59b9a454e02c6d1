"""Telemetry names are a contract: what real processes expose, service by service, is what the committed list says."""

from __future__ import annotations

import json
import re
import urllib.request

import prometheus_client.parser
import pytest

from tests.architecture.sources import ROOT
from tests.docs.test_tables import exposed, metric_modules
from tests.support.databases import ServiceDatabase
from tests.support.service_process import ServiceProcess
from tests.system.conftest import Door, sla_monitor

CONTRACT = ROOT / "deploy" / "observability" / "metrics.json"


def scraped(service: ServiceProcess) -> dict[str, set[str]]:
    """Every family of ours with the labels its samples carry."""
    with urllib.request.urlopen(f"{service.operations_url}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    found: dict[str, set[str]] = {}
    for family in prometheus_client.parser.text_string_to_metric_families(text):
        if family.name.startswith("opsdash_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            found[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    return found


def defined() -> dict[str, set[str]]:
    """Labels of every metric in the sources; a family without a sample does not show them."""
    metrics = (value for module in metric_modules() for value in vars(module).values() if hasattr(value, "_labelnames"))
    return {name: set(re.findall(r"\w+", labels)) for name, labels in map(exposed, metrics)}


@pytest.fixture
async def monitor(door: Door, sla_template: ServiceDatabase, tmp_path):
    async with sla_monitor(door, sla_template, tmp_path) as process:
        yield process


async def test_every_service_exposes_the_names_of_the_contract(door: Door, monitor: ServiceProcess):
    await door.as_("viewer").call("GET", f"/api/orgs/{door.api.ours.slug}/tickets")
    await door.api.as_("admin").create_ticket(door.api.ours.slug)
    processes = {
        "gateway": door.gateway,
        "tickets": door.api.service,
        "comments": door.comments,
        "notifications": door.notifications,
        "sla-monitor": monitor,
    }
    sources, found = defined(), {}
    for service, process in processes.items():
        families = scraped(process)
        assert all(labels in (set(), sources[name]) for name, labels in families.items())
        found[service] = {name: sorted(sources[name]) for name in sorted(families)}
    assert found == json.loads(CONTRACT.read_text(encoding="utf-8")), json.dumps(found, indent=1)
