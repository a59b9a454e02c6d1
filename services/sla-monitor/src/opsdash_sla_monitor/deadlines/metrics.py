"""Metric names of deadlines: a contract with dashboards and alerts (docs/reference/metrics.md)."""

from __future__ import annotations

from prometheus_client import Counter

REPAIRED = Counter("opsdash_sla_repaired", "Deadlines set right from the owner's state", ["cause"])
VERSION_GAPS = Counter("opsdash_sla_version_gaps", "Ticket events that came after one that never did")
OLD_EVENTS = Counter("opsdash_sla_old_events", "Ticket events that were older than what is known")
UPSTREAM_FAILURES = Counter("opsdash_sla_owner_failures", "Calls to the tickets service without a usable answer")
