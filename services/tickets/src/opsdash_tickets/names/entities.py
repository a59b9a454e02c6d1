"""People, contacts, companies and projects, as they are shown wherever something points to them."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A member of the org, or somebody who was one."""

    id: UUID
    name: str
    active: bool


class Company(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    active: bool


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the ticket is for."""

    id: UUID
    name: str
    email: str | None
    active: bool
    company: Company | None


class Project(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    active: bool
