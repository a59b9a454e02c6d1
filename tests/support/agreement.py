"""What the places that speak of due times say about the same tickets: they must all say the same."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from io import StringIO
from typing import Any

#: The states a list can be filtered for, by the name of the filter.
FILTERED = {"overdue": "breached", "at_risk": "at_risk", "none": "none"}
FINISHED = frozenset({"resolved", "closed"})


def agreed_states(
    listed: Collection[Mapping[str, Any]],
    *,
    filtered: Mapping[str, Collection[str]],
    export: str,
    overdue: int,
) -> dict[str, str]:
    """`sla_state` by ticket id, as list, filters (ids by their name), CSV and insights all have it."""
    states = {str(ticket["id"]): str(ticket["sla_state"]) for ticket in listed}
    exported = {row["id"]: row["sla_state"] for row in csv.DictReader(StringIO(export.removeprefix("\ufeff")))}
    assert {ticket: exported.get(ticket) for ticket in states} == states
    for name, found in filtered.items():
        assert set(found) & states.keys() == {ticket for ticket, state in states.items() if state == FILTERED[name]}
    assert overdue == sum(state == "breached" for state in exported.values())
    return states


def outcomes(listed: Collection[Mapping[str, Any]]) -> dict[str, str | None]:
    """What events must say: the state of the finished, nothing about the others."""
    return {ticket["id"]: ticket["sla_state"] if ticket["status"] in FINISHED else None for ticket in listed}
