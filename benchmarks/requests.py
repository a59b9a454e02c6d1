"""What each scenario asks of the product, and of the baseline where that has the same to offer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from benchmarks.load import Expected, Request
from benchmarks.workspace import LARGE, MEDIUM, WRITERS, Org

# As a console would ask; `-created_at` is also the order of the baseline.
FILTER = "status=open,waiting&priority=urgent,high"
WORDS = "invoice number"
_TICKETS = "/api/orgs/{slug}/tickets"
#: Times the processor time of the baseline. Its search knows no tenants, and reads the matches of all orgs.
MOST_OF_LIST, MOST_OF_SEARCH, MOST_OF_DETAIL, MOST_OF_WRITE = 1.6, 1.0, 2.0, 2.6


@dataclass(frozen=True)
class Scenario:
    """Requests sent round and round; `most` times the processor time of the baseline is wanted at most."""

    name: str
    product: Sequence[Request]
    baseline: Sequence[Request] = ()
    most: float = 0.0
    expected: Expected = field(default_factory=Expected)

    @property
    def writes(self) -> bool:
        """Whether events follow, and with them work for the consumers."""
        return self.expected.status == HTTPStatus.CREATED


def scenarios(token: str, ticket_ids: Sequence[str]) -> list[Scenario]:
    """Those with a baseline; `ticket_ids` are tickets of the large org."""
    headers = {"Authorization": f"Bearer {token}"}
    tickets = _TICKETS.format(slug=LARGE.slug)

    def read(name: str, path: str, bare: str, most: float = MOST_OF_LIST) -> Scenario:
        return Scenario(name, [Request("GET", path, headers)], [Request("GET", bare)], most)

    return [
        read("list, 25 rows", f"{tickets}?limit=25", "/tickets?limit=25"),
        read("list, 50 rows", f"{tickets}?limit=50", "/tickets?limit=50"),
        read("filtered list", f"{tickets}?{FILTER}", f"/tickets?{FILTER}&limit=25"),
        read("search", f"{tickets}?q={_encoded(WORDS)}", f"/tickets?q={_encoded(WORDS)}&limit=25", MOST_OF_SEARCH),
        _details(headers, LARGE),
        creates(token),
        _comments(headers, tickets, ticket_ids),
    ]


def growth_reads(token: str, org: Org = MEDIUM) -> list[Scenario]:
    """The reads whose time must not depend on what other orgs have."""
    headers = {"Authorization": f"Bearer {token}"}
    tickets = _TICKETS.format(slug=org.slug)
    paths = {"list": "?limit=25", "filtered list": f"?{FILTER}", "search": f"?q={_encoded(WORDS)}"}
    return [
        *(Scenario(name, [Request("GET", tickets + query, headers)]) for name, query in paths.items()),
        _details(headers, org),
    ]


def _details(headers: dict[str, str], org: Org) -> Scenario:
    """The comments must be part of every answer: a gateway that gave up on them would be quicker."""
    numbers = _spread(org.tickets)
    tickets = _TICKETS.format(slug=org.slug)
    product = [Request("GET", f"{tickets}/{number}", headers) for number in numbers]
    baseline = [Request("GET", f"/tickets/{number}") for number in numbers]
    return Scenario("detail", product, baseline, MOST_OF_DETAIL, Expected(contains='"status":"available"'))


def creates(token: str) -> Scenario:
    headers = {"Authorization": f"Bearer {token}"}
    body = json.dumps({"title": "Measured", "description": "A ticket made by the load generator, then another."})
    product = [Request("POST", _TICKETS.format(slug=org.slug), headers, body) for org in WRITERS]
    return Scenario("create", product, [Request("POST", "/tickets", {}, body)], MOST_OF_WRITE, Expected(201))


def _comments(headers: dict[str, str], tickets: str, ticket_ids: Sequence[str]) -> Scenario:
    body = json.dumps({"body": "The **second** page is blank too.\n\nThank you for looking at it."})
    product = [Request("POST", f"{tickets}/{ticket_id}/comments", headers, body) for ticket_id in ticket_ids]
    baseline = [Request("POST", f"/tickets/{ticket_id}/comments", {}, body) for ticket_id in ticket_ids]
    return Scenario("comment", product, baseline, MOST_OF_WRITE, Expected(201))


def _spread(tickets: int, count: int = 997) -> list[int]:
    """Numbers all over an org, in no order."""
    return [1 + index * 7919 % tickets for index in range(count)]


def _encoded(words: str) -> str:
    return words.replace(" ", "%20")
