"""Trace ids that are passed on where no spans are exported."""

from __future__ import annotations

import pytest
from opsdash_chassis.observability.tracing import consuming, current_traceparent, inject, serving

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("given", [GIVEN, f"00-{TRACE}-{SPAN}-00"])
def test_a_request_passes_on_the_trace_that_it_came_with(given: str):
    with serving("GET", {"traceparent": given, "tracestate": "a=b"}, continues=True) as active:
        assert active.trace_id == TRACE
        assert current_traceparent() == given
        headers = {"accept": "*/*"}
        inject(headers)
    assert headers == {"accept": "*/*", "traceparent": given}
    assert current_traceparent() is None


def test_of_a_later_version_what_the_first_one_knows_is_passed_on():
    with serving("GET", {"traceparent": f"01-{TRACE}-{SPAN}-01-more"}, continues=True):
        assert current_traceparent() == GIVEN


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-0",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        "00-" + "a" * 10_000,
    ],
)
def test_a_trace_begins_where_none_that_is_valid_was_named(given: str):
    with serving("GET", {"traceparent": given}, continues=True) as active:
        assert active.trace_id != TRACE
        current = current_traceparent()
        assert current is not None
        assert current.split("-")[:2] == ["00", active.trace_id]
        assert current.endswith("-00"), "nobody has chosen to record it"


def test_nobodys_trace_is_continued_at_the_edge_and_each_request_has_its_own():
    ids = set()
    for _ in range(100):
        with serving("GET", {"traceparent": GIVEN}, continues=False) as active:
            ids.add(active.trace_id)
    assert len(ids) == 100
    assert TRACE not in ids


@pytest.mark.parametrize("value", [GIVEN.encode(), b"\xff", None])
def test_an_events_handler_goes_on_with_the_events_trace(value: bytes | None):
    with consuming("opsdash.support.tickets.v1", [("traceparent", value)] if value else []) as active:
        assert (active.trace_id == TRACE) == (value == GIVEN.encode())
        assert current_traceparent() is not None
    assert current_traceparent() is None
