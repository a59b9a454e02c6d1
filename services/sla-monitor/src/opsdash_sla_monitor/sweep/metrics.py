"""Metric names of the sweep: a contract with dashboards and alerts (docs/reference/metrics.md)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

LATENESS_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 30, 60, 90, 300, 900, 3600)

LATENESS = Histogram(
    "opsdash_sla_breach_lateness_seconds",
    "From when a breach could be told (due time, or later when it came into force) until it was",
    buckets=LATENESS_BUCKETS,
)
NOTICES = Counter("opsdash_sla_notices", "Warnings and breaches told", ["kind", "confirmed"])
ALREADY_NOTIFIED = Counter("opsdash_sla_already_told", "Due pairs that had been told before", ["kind"])
WITHHELD = Counter("opsdash_sla_withheld", "Notices held back because the plate has no support", ["kind"])
DISPUTED = Counter("opsdash_sla_disputed", "Due deadlines the owner did not confirm", ["verdict"])
SWEEPS = Counter("opsdash_sla_sweeps", "Sweeps that ran")
SWEEP_SECONDS = Histogram("opsdash_sla_sweep_seconds", "Time of one sweep")
OVERDUE_SECONDS = Gauge("opsdash_sla_oldest_unhandled_seconds", "How long the oldest due deadline has been waiting")
