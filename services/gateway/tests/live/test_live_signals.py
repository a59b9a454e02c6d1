"""What each event says on the live stream, shown on the golden messages; and how a feed resumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opsdash_contracts.envelope import Event, decode
from opsdash_gateway.live import feed as feeds
from opsdash_gateway.live.feed import Feed
from opsdash_gateway.live.signals import COUNTS, Signal, signals_of

EXAMPLES = Path(__file__).parents[4] / "contracts" / "examples"
ALL = [pytest.param(path, id=f"{path.parts[-3]}-{path.stem}") for path in sorted(EXAMPLES.glob("*/v1/*.json"))]
TICKET = "0198c0de-1111-7abc-8def-0000000000aa"


def event(path: Path) -> Event[Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    headers = [(name, value.encode()) for name, value in document["headers"].items()]
    return decode(headers, document["key"].encode(), json.dumps(document["value"]).encode())


def told(name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(signal.event, json.loads(signal.data)) for signal in signals_of(event(EXAMPLES / name))]


class TestSignals:
    def test_a_breach_names_ticket_and_due_time_and_changes_counts(self):
        breach = {"ticket": TICKET, "number": 41, "kind": "breached", "due_at": "2026-03-03T09:15:00.250000Z"}
        assert told("sla.breached/v1/confirmed.json") == [("sla", breach), ("counts", {})]

    def test_a_changed_description_is_named_and_changes_no_counts(self):
        ((kind, data),) = told("support_ticket.updated/v1/description-changed.json")
        assert (kind, data["kind"]) == ("ticket", "updated")
        assert "description" in data["changed"]

    def test_usage_and_plan_change_counts(self):
        assert told("support_usage.noticed/v1/at-the-cap.json") == [("counts", {})]
        assert told("workspace.org.upserted/v1/on-the-growth-plate.json") == [("counts", {})]

    @pytest.mark.parametrize("path", ALL)
    def test_no_text_of_any_event_is_told(self, path: Path):
        values = json.loads(path.read_text(encoding="utf-8"))["value"]
        texts = [values[name] for name in ("title", "name", "email") if values.get(name)]
        written = b"".join(signal.written("x-1") for signal in signals_of(event(path))).decode()
        assert not [text for text in texts if text in written]


class TestFeed:
    def filled(self, count: int) -> Feed[Any]:
        feed: Feed[Any] = Feed()
        for number in range(count):
            feed.append(Signal.of("ticket", number=number))
        return feed

    def test_gives_exactly_what_came_after(self):
        feed = self.filled(3)
        assert feed.after(3) == b""
        assert (feed.after(1) or b"").count(b"event: ticket") == 2
        assert (feed.after(0) or b"").count(b"event: ticket") == 3

    def test_says_when_something_is_gone(self, monkeypatch: pytest.MonkeyPatch):
        feed = self.filled(feeds.MAXIMUM_SIGNALS + 1)
        assert feed.after(0) is None
        assert feed.after(1) is not None
        monkeypatch.setattr(feeds, "MAXIMUM_AGE_SECONDS", -1)
        feed.append(COUNTS)
        assert feed.after(1) is None

    def test_knows_its_own_ids_only(self):
        feed, other = self.filled(3), self.filled(3)
        assert feed.number_of(feed.id_of(2)) == 2
        strange = (other.id_of(2), feed.id_of(4), "", "2", f"{feed.id_of(1)}x")
        assert {feed.number_of(text) for text in strange} == {None}
        known = feed.id_of(3)
        feed.restart()
        assert feed.number_of(known) is None
