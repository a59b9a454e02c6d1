"""The people the development issuer knows, read from a file that the demo writes."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec
from opsdash_chassis.errors import Unavailable


class Membership(msgspec.Struct):
    """An org a person belongs to."""

    slug: str
    role: str


class Person(msgspec.Struct):
    """Somebody who may sign in."""

    user_id: UUID
    name: str
    memberships: list[Membership] = []


class People:
    """Read anew each time: the file is small, and it may be written after the start."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Person]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[Person])
        except (OSError, msgspec.MsgspecError) as error:
            raise Unavailable("The list of demo people cannot be read.") from error

    def find(self, user_id: UUID) -> Person | None:
        return next((person for person in self.all() if person.user_id == user_id), None)
