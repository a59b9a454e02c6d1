"""Metric names of plate usage: a contract with dashboards and alerts (docs/reference/metrics.md)."""

from __future__ import annotations

from prometheus_client import Counter

CAP_REFUSALS = Counter("opsdash_plan_cap_refusals", "Tickets refused because the plan's cap is reached", ["plate"])
