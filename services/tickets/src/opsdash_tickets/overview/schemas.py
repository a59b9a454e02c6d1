"""The REST bodies around the list: what support is here, insights, pickers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_contracts.ticket_words import LABELS
from opsdash_contracts.tickets import Category, Priority, Status
from opsdash_contracts.workspace import Plate, Role

from opsdash_tickets.access.policy import Action
from opsdash_tickets.common_schemas import Body
from opsdash_tickets.names.entities import Company
from opsdash_tickets.tickets.due_times import SLA_HOURS

FEATURE = "crm:support"


class Choice(Body):
    """A value of an enumeration and its English label."""

    value: str
    label: str


class PriorityChoice(Choice):
    """`sla_hours` is the time from creation to the SLA due time."""

    sla_hours: int


class Support(Body):
    """Support in this org, for this caller; `member_id` is their membership in the workspace directory."""

    org_id: UUID
    member_id: UUID
    slug: str
    name: str
    plate: Plate
    feature: str
    used: int
    limit: int
    role: Role
    permissions: list[Action]
    statuses: list[Choice]
    priorities: list[PriorityChoice]
    categories: list[Choice]


class Views(Body):
    """How many tickets the preset views hold: four of the active ones, and `done` for resolved and closed."""

    active: int
    mine: int
    unassigned: int
    overdue: int
    done: int
    as_of: datetime


class OverdueTicket(Body):
    """One of the most overdue."""

    id: UUID
    number: int
    title: str
    priority: Priority
    sla_due_at: datetime


class Insights(Body):
    """Numbers of the active tickets; `due_soon` is within 24 hours, `overdue` is the one breach predicate."""

    open: int
    overdue: int
    due_soon: int
    due_in_4_hours: int
    unassigned: int
    by_priority: dict[str, int]
    most_overdue: list[OverdueTicket]
    as_of: datetime


class MemberChoice(Body):
    """`assignable` is false for viewers."""

    id: UUID
    name: str
    email: str | None
    role: Role
    assignable: bool


class ContactChoice(Body):
    id: UUID
    name: str
    email: str | None
    company: Company | None


class NamedChoice(Body):
    id: UUID
    name: str


class MemberChoices(Body):
    items: list[MemberChoice]


class ContactChoices(Body):
    items: list[ContactChoice]


class NamedChoices(Body):
    items: list[NamedChoice]


def choices(values: type[Status | Category]) -> list[Choice]:
    return [Choice(value=value, label=LABELS[value]) for value in values]


def priority_choices() -> list[PriorityChoice]:
    return [PriorityChoice(value=value, label=LABELS[value], sla_hours=SLA_HOURS[value]) for value in Priority]


class OverdueEntry(Body):
    """A ticket whose due time has passed, as another service may tell its reader."""

    number: int
    title: str
    due_at: datetime


class Overdue(Body):
    """The latest of them; `found` is how many there are in all."""

    tickets: list[OverdueEntry]
    found: int
