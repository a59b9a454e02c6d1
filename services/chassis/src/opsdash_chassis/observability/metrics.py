"""Metric names of the event path and of recurring work: a contract with dashboards and alerts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

OUTBOX_DEPTH = Gauge("opsdash_outbox_events", "Events waiting in the outbox")
OUTBOX_AGE = Gauge("opsdash_outbox_oldest_seconds", "Age of the oldest event in the outbox")
OUTBOX_PARKED = Gauge("opsdash_outbox_parked_events", "Events that the broker will never accept; they need a person")
RELAY_LEADER = Gauge("opsdash_relay_leader", "1 while this process publishes the outbox")
PUBLISHED = Counter("opsdash_events_published", "Events confirmed by the broker", ["topic"])
PUBLISH_FAILURES = Counter("opsdash_publish_failures", "Sends whose outcome is unknown or refused", ["topic"])

CONSUMED = Counter("opsdash_events_consumed", "Messages by outcome", ["topic", "outcome"])
HANDLER_SECONDS = Histogram("opsdash_event_handler_seconds", "Time to handle one message", ["topic"])
HANDLER_RETRIES = Counter("opsdash_event_handler_retries", "Tries again after a transient error", ["topic"])
DEAD_LETTERS = Counter("opsdash_dead_letters", "Messages set aside", ["topic", "reason"])
CONSUMER_LAG = Gauge("opsdash_consumer_lag_messages", "Messages known to wait", ["topic"])
CONSUMER_PAUSED = Gauge("opsdash_consumer_paused", "1 while a consumer waits for a dependency", ["topic"])
CONSUMER_HELD_SECONDS = Gauge("opsdash_consumer_held_seconds", "For how long the same message has been held", ["topic"])
HOUSEKEEPING_FAILURES = Counter("opsdash_housekeeping_failures", "Unexpected errors of recurring work", ["task"])
