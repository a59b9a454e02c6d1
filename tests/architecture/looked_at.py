"""How much each guard must have looked at: one that finds nothing wrong because it reads nothing fails instead.

Lower a number only when sources were joined or removed on purpose, and raise those that have grown at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping

#: For what is counted over all packages.
ALL = "all packages"
MINIMUMS: Mapping[str, Mapping[str, int]] = {
    "modules": {
        "opsdash_contracts": 20,
        "opsdash_chassis": 124,
        "opsdash_comments": 45,
        "opsdash_gateway": 116,
        "opsdash_sla_monitor": 35,
        "opsdash_tickets": 94,
        "opsdash_local": 57,
    },
    "modules without migrations": {
        "opsdash_chassis": 121,
        "opsdash_comments": 36,
        "opsdash_gateway": 115,
        "opsdash_sla_monitor": 32,
        "opsdash_tickets": 78,
        "opsdash_local": 54,
    },
    "statements": {
        "opsdash_chassis": 88,
        "opsdash_comments": 23,
        "opsdash_sla_monitor": 18,
        "opsdash_tickets": 142,
    },
    "rooms": {
        "opsdash_chassis": 18,
        "opsdash_comments": 8,
        "opsdash_gateway": 17,
        "opsdash_sla_monitor": 6,
        "opsdash_tickets": 14,
    },
    "repositories": {"opsdash_comments": 4, "opsdash_sla_monitor": 3, "opsdash_tickets": 14},
    "domain modules": {"opsdash_comments": 3, "opsdash_sla_monitor": 1, "opsdash_tickets": 5},
    "modules with bodies": {"opsdash_comments": 1, "opsdash_sla_monitor": 2, "opsdash_tickets": 6},
    "modules that make events": {
        "opsdash_comments": 1,
        "opsdash_gateway": 2,
        "opsdash_sla_monitor": 1,
        "opsdash_tickets": 3,
    },
    "templates": {ALL: 18},
    "statements across orgs": {ALL: 22},
    "modules that follow": {ALL: 19},
}


def looked_at(what: str, where: str, count: int) -> None:
    """Print the count, and fail when it is below the recorded one. A package that is not recorded yet may have any."""
    print(f"looked at {count} {what} of {where}")
    least = MINIMUMS[what].get(where, 0)
    assert count >= least, f"{count} {what} of {where} were looked at; at least {least} are there (looked_at.py)"
