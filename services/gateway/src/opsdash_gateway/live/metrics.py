"""Metric names of the live stream: a contract with dashboards and alerts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

STREAMS = Gauge("opsdash_live_streams", "Open live streams of this process")
SIGNALS = Counter("opsdash_live_signals", "Signals given to an org with open streams", ["event"])
RESYNCS = Counter("opsdash_live_resyncs", "Streams told to load everything again", ["reason"])
ENDED = Counter("opsdash_live_streams_ended", "Streams ended by us", ["reason"])
