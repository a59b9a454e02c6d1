"""Metric names of messages to chats: a contract with dashboards and alerts (docs/reference/metrics.md)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

MESSAGES = Counter("opsdash_team_messages", "Messages to chats by what the chat said", ["scheme", "outcome"])
DISABLED = Counter("opsdash_team_channels_disabled", "Team channels that were disabled because they took nothing")
WAITING = Gauge("opsdash_team_messages_waiting", "Notices whose message has not left, up to 100,000")
LATE_SECONDS = Gauge("opsdash_team_message_late_seconds", "How late the oldest message is to a chat that does not fail")
FAILING = Gauge("opsdash_team_channels_failing", "Team channels whose last try failed")
UNREADABLE = Gauge("opsdash_team_addresses_unreadable", "Addresses that no secret of the settings decrypts")
