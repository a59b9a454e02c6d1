"""Metric names of reminders: a contract with dashboards and alerts (docs/reference/metrics.md)."""

from __future__ import annotations

from prometheus_client import Histogram

LATENESS = Histogram(
    "opsdash_reminder_lateness_seconds",
    "From the time of a reminder until its person was told",
    buckets=(0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600, 86400),
)
