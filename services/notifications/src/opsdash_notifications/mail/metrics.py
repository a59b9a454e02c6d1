"""Metric names of mails: a contract with dashboards and alerts (docs/reference/metrics.md)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

MAILS = Counter("opsdash_mails", "Mails by what the mail server said", ["outcome"])
WAITING = Gauge("opsdash_mails_waiting", "Notices whose mail has not left, up to 100,000")
LATE_SECONDS = Gauge("opsdash_mail_late_seconds", "How long the oldest mail that could leave has been waiting")
