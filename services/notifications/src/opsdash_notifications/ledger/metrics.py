"""Metric names of notices: a contract with dashboards and alerts (docs/reference/metrics.md)."""

from __future__ import annotations

from prometheus_client import Counter

NOTICES = Counter("opsdash_notices", "Notices by what became of them", ["event", "reason", "channel"])
