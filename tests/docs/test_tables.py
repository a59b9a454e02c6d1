"""Every table of the documentation is complete and says what the sources say."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import prometheus_client
import pytest
from litestar.di import Provide
from opsdash_chassis.settings import PREFIX, MigrationSettings, ProvisionSettings
from opsdash_contracts.headers import OPTIONAL, REQUIRED, TRACE
from opsdash_contracts.registry import event_types
from opsdash_contracts.topics import catalogue
from opsdash_contracts.workspace import PLATE_CAPS
from opsdash_gateway.live.routes import follow_events
from opsdash_gateway.rest.openapi import build_document
from opsdash_gateway.sla.cron_job import CronJobSettings
from opsdash_gateway.sla.cron_secret import CronSecret
from opsdash_gateway.sla.routes import cron_router, get_sla_ledger
from opsdash_gateway.workspace.routes import workspace_router
from opsdash_http.errors.problems import from_status
from opsdash_http.openapi import METHODS
from opsdash_http.security.internal import ServiceToken
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_tickets.listing.filters import ListQuery, SlaFilter, SortField
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from tests.architecture.sources import PACKAGES, imported_names, modules
from tests.support import services
from tests.support.repository import field_codes, message_codes, plain, problem_codes, rows, text_of

READERS = {
    **{name: services.settings_of(name) for name in services.NAMES},
    "migrate": MigrationSettings,
    "provision": ProvisionSettings,
    "cron": CronJobSettings,
}
#: Longer groups of readers first.
GROUPS = {
    ", ".join(services.NAMES): "all",
    ", ".join(services.WITH_DATABASE): "services with a database",
}
SETTINGS = ("setting", "read by", "default", "secret", "meaning")


def settings_of_the_code() -> dict[str, tuple[str, FieldInfo]]:
    found: dict[str, tuple[str, FieldInfo]] = {}
    for reader, model in READERS.items():
        for name, field in model.model_fields.items():
            key = f"{PREFIX}{name.upper()}"
            found[key] = (f"{found[key][0]}, {reader}" if key in found else reader, field)
    for name in LocalGatewaySettings.model_fields.keys() - services.settings_of("gateway").model_fields.keys():
        found[f"{PREFIX}{name.upper()}"] = ("local gateway", LocalGatewaySettings.model_fields[name])
    return {key: (grouped(readers), field) for key, (readers, field) in found.items()}


def grouped(readers: str) -> str:
    """With the group in place of its members, when they are all among them."""
    group = next((group for group in GROUPS if f"{readers}, ".startswith(f"{group}, ")), None)
    return readers if group is None else GROUPS[group] + readers.removeprefix(group)


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return "–"  # noqa: RUF001 - the dash of the table
    value = field.default
    return str(value).lower() if isinstance(value, bool) else str(value)


class TestSettings:
    def test_every_setting_is_there_and_no_other(self):
        documented = [plain(row["setting"]) for row in rows("docs/reference/settings.md", *SETTINGS)]
        assert sorted(documented) == sorted(settings_of_the_code())

    @pytest.mark.parametrize(
        "row", rows("docs/reference/settings.md", *SETTINGS), ids=lambda row: plain(row["setting"])
    )
    def test_reader_default_and_secrecy_are_those_of_the_code(self, row: dict[str, str]):
        reader, field = settings_of_the_code()[plain(row["setting"])]
        assert row["read by"] == reader
        assert plain(row["default"]) == default_of(field)
        assert row["secret"] == ("yes" if SecretStr.__name__ in str(field.annotation) else "no")
        assert row["meaning"]


def metric_modules() -> list[ModuleType]:
    """Every module of ours that may define a metric."""
    return [
        module.load()
        for package in PACKAGES
        for module in modules(package)
        if any(name.startswith("prometheus_client") for name in imported_names(module))
    ]


def exposed(metric: Any) -> tuple[str, str]:
    name = metric._name + ("_total" if isinstance(metric, prometheus_client.Counter) else "")
    return name, ", ".join(f"`{label}`" for label in metric._labelnames)


def test_every_metric_is_documented_with_its_labels():
    kinds = (prometheus_client.Counter, prometheus_client.Gauge, prometheus_client.Histogram)
    ours = {
        exposed(value) for module in metric_modules() for value in vars(module).values() if isinstance(value, kinds)
    }
    table = rows("docs/reference/metrics.md", "metric", "labels", "meaning")
    assert {(plain(row["metric"]), row["labels"]) for row in table} == ours


class TestRest:
    def test_every_problem_is_documented_with_its_status(self):
        documented = {
            plain(row["code"]): int(row["status"]) for row in rows("docs/reference/rest.md", "code", "status", "when")
        }
        not_allowed = from_status(405)
        assert documented == problem_codes() | {not_allowed.code: not_allowed.status}

    def test_every_field_error_is_documented(self):
        documented = [plain(row["code"]) for row in rows("docs/reference/rest.md", "code", "the value")]
        assert sorted(documented) == sorted(field_codes())

    def test_every_public_route_is_documented(self):
        provided = dict.fromkeys(
            ("publisher", "upstreams", "monitor", "people", "hub"), Provide(lambda: None, sync_to_thread=False)
        )
        cron = cron_router(CronSecret("x" * 32))
        own = [workspace_router(ServiceToken("x" * 32)), get_sla_ledger, follow_events, cron]
        document = build_document(own, dependencies=provided)
        public = {(m.upper(), path) for path, item in document["paths"].items() for m in METHODS if m in item}
        documented = set()
        for row in rows("docs/reference/rest.md", "route", "what"):
            methods, _, path = plain(row["route"]).rpartition(" ")
            documented |= {(method, path) for method in methods.split(", ")}
        assert documented == public

    def test_every_list_parameter_is_documented_with_its_choices(self):
        table = rows("docs/reference/rest.md", "parameter", "values")
        documented = {name: row["values"] for row in table for name in re.findall(r"`(\w+)`", row["parameter"])}
        assert set(documented) == {*ListQuery.__slots__, "limit", "cursor", "count"}
        assert re.findall(r"`(\w+)` \(", documented["sla"]) == list(SlaFilter)
        assert re.findall(r"`(\w+)`", documented["sort"].partition(";")[0]) == list(SortField)

    def test_the_plan_caps_are_those_of_the_code(self):
        text = text_of("docs/reference/rest.md")
        assert all(f"{plate} {cap:,}" in text for plate, cap in PLATE_CAPS.items() if cap)


class TestEvents:
    def test_every_header_is_documented(self):
        documented = [plain(row["header"]) for row in rows("docs/reference/events.md", "header", "meaning")]
        assert sorted(documented) == sorted((*REQUIRED, *OPTIONAL, TRACE))

    def test_every_event_type_is_documented(self):
        documented = [plain(row["type"]) for row in rows("docs/reference/events.md", "type", "sent when")]
        assert sorted(documented) == sorted(event_types())

    def test_every_reason_to_refuse_a_message_is_documented(self):
        documented = [plain(row["code"]) for row in rows("docs/reference/events.md", "code", "what is wrong")]
        assert sorted(documented) == sorted(message_codes())

    def test_topics_are_kept_as_long_as_documented(self):
        kept = {
            plain(row["topic"]): row["kept"] for row in rows("docs/reference/events.md", "topic", "what", "key", "kept")
        }
        assert set(kept) == set(catalogue())
        for topic in catalogue().values():
            assert kept[topic.name].startswith(
                "compacted" if topic.retention_hours is None else f"{topic.retention_hours} hours"
            )
            assert (topic.partitions, topic.local_partitions) == (12, 3)
