"""People of an org as comments show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from opsdash_contracts.workspace import Role


@dataclass(frozen=True, slots=True)
class Somebody:
    """A member, or somebody who was one; `name` is empty where it is not known, `role` None for who has left."""

    name: str = ""
    active: bool = False
    role: Role | None = None


NOBODY_KNOWN = Somebody()


class People:
    """What is known of the people of one org; whom the directory does not have is known as such."""

    def __init__(self) -> None:
        self._known: dict[UUID, Somebody] = {}

    def __len__(self) -> int:
        return len(self._known)

    def missing(self, wanted: Iterable[UUID]) -> list[UUID]:
        """Those that have not been looked up."""
        return list(set(wanted) - self._known.keys())

    def add(self, asked: Iterable[UUID], found: dict[UUID, Somebody]) -> None:
        """Of those asked for, whom the directory has."""
        self._known.update({user_id: found.get(user_id, NOBODY_KNOWN) for user_id in asked})

    def __getitem__(self, user_id: UUID) -> Somebody:
        return self._known[user_id]
