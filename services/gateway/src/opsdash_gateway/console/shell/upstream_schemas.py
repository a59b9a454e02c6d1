"""What pages read of the upstreams' answers; members they do not show are left out and ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from opsdash_http.errors.problems import FieldError, Problem


class Choice(msgspec.Struct):
    value: str


class PriorityChoice(Choice):
    sla_hours: int


class Support(msgspec.Struct):
    """Support in this org, for this person."""

    org_id: UUID
    slug: str
    name: str
    plate: str
    used: int
    limit: int
    role: str
    permissions: list[str]
    statuses: list[Choice]
    priorities: list[PriorityChoice]
    categories: list[Choice]

    def may(self, action: str) -> bool:
        return action in self.permissions


class Views(msgspec.Struct):
    """How many tickets each view holds."""

    active: int
    mine: int
    unassigned: int
    overdue: int
    done: int


class Preferences(msgspec.Struct):
    """How the console behaves for this person."""

    tour_seen: bool = False
    shortcuts: bool = True


class Unread(msgspec.Struct):
    """How many rows of this person's inbox in this org are unread."""

    unread: int


class Membership(msgspec.Struct):
    slug: str
    name: str
    plate: str
    role: str


class Me(msgspec.Struct):
    """The orgs this person belongs to."""

    orgs: list[Membership]


class Person(msgspec.Struct):
    id: UUID
    name: str
    active: bool = True


class Company(msgspec.Struct):
    id: UUID
    name: str


class Contact(msgspec.Struct):
    id: UUID
    name: str
    email: str | None = None
    active: bool = True
    company: Company | None = None


class Project(msgspec.Struct):
    id: UUID
    name: str
    active: bool = True


class TicketRow(msgspec.Struct, kw_only=True):
    """A ticket as lists show it; `found_in` says where words were found."""

    id: UUID
    number: int
    title: str
    status: str
    priority: str
    category: str
    assignee: Person | None
    contact: Contact | None
    project: Project | None
    sla_due_at: datetime | None
    sla_state: str
    comment_count: int
    created_at: datetime
    version: int
    found_in: list[str] = []


class TicketPage(msgspec.Struct):
    """`narrowed` says where words were not looked for."""

    items: list[TicketRow]
    next_cursor: str | None
    total: int = 0
    narrowed: list[str] = []


class Member(msgspec.Struct):
    id: UUID
    name: str
    assignable: bool


class Members(msgspec.Struct):
    items: list[Member]


class Contacts(msgspec.Struct):
    items: list[Contact]


class ProblemBody(msgspec.Struct):
    """An upstream's refusal."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[FieldError] = []


_STANDARD = frozenset({"type", "title", "status", "detail", "instance", "errors", "trace_id"})


def refusal(body: bytes, headers: dict[str, str]) -> Problem:
    """The problem an upstream answered with, to be raised here."""
    read = msgspec.json.decode(body, type=ProblemBody)
    everything: dict[str, Any] = msgspec.json.decode(body)
    more = {name: value for name, value in everything.items() if name not in _STANDARD}
    kept = {"Retry-After": headers["retry-after"]} if "retry-after" in headers else {}
    code = read.type.rpartition("/")[2]
    return Problem(code, read.title, read.status, read.detail, errors=read.errors, headers=kept, **more)
