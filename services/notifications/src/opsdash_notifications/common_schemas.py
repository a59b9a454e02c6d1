"""What the bodies of several rooms share."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec
from opsdash_tenancy.directory_repository import KnownPerson

UNKNOWN_NAME = "Unknown"


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies: unknown fields are refused, never silently dropped."""


class Person(Body):
    """A member of the org, or somebody who was one."""

    id: UUID
    name: str
    active: bool


def person_of(user_id: UUID, people: Mapping[UUID, KnownPerson]) -> Person:
    known = people.get(user_id)
    if known is None:
        return Person(id=user_id, name=UNKNOWN_NAME, active=False)
    return Person(id=user_id, name=known.name or UNKNOWN_NAME, active=known.active)
