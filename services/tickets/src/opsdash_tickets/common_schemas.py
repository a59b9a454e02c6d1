"""REST bodies that several rooms answer with."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies: unknown fields are refused, never silently dropped."""


class Person(Body):
    """A member of the org, or somebody who was one."""

    id: UUID
    name: str
    active: bool


class Company(Body):
    id: UUID
    name: str
    active: bool


class Contact(Body):
    """Whom the ticket is for."""

    id: UUID
    name: str
    email: str | None
    active: bool
    company: Company | None


class Project(Body):
    id: UUID
    name: str
    active: bool
