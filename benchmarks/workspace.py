"""Who and what the seeded database holds: one person in every org, orgs by their purpose."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

NAMESPACE = UUID("0b7c5f0e-6a0c-5e0f-9b4e-0d5ad4f3c0a1")
USER = uuid5(NAMESPACE, "user")
COMMENTS_EACH = 3


@dataclass(frozen=True)
class Org:
    """An org with that many tickets."""

    slug: str
    tickets: int

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE, self.slug)


LARGE = Org("large", 20_000)  # the reads; twice what any plan allows
MEDIUM = Org("medium", 10_000)  # the reads that must not grow with the database
#: A plan allows 10,000 living tickets, so creates go to fresh orgs.
WRITERS = tuple(Org(f"writer-{number}", 0) for number in range(200))
BARE = Org("bare", 0)  # what the baseline writes


def orgs(total: int) -> list[Org]:
    """All orgs, with `total` tickets between them."""
    others = (total - LARGE.tickets - MEDIUM.tickets) // 10_000
    return [LARGE, MEDIUM, *(Org(f"other-{number}", 10_000) for number in range(others)), *WRITERS, BARE]
