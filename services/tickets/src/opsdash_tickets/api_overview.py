"""What surrounds the list: support settings, insights, pickers, and a ticket's activity."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from opsdash_chassis.cursors import Cursors
from opsdash_chassis.database import Record
from opsdash_contracts.tickets import Category, Priority, Status
from opsdash_contracts.workspace import Role

from opsdash_tickets import overview_repository, repository, use_cases
from opsdash_tickets.edge import Edge
from opsdash_tickets.model import ASSIGNABLE_ROLES, PLAN_CAPS, Action
from opsdash_tickets.overview_schemas import (
    FEATURE,
    ActivityEntry,
    ActivityPage,
    ContactChoice,
    ContactChoices,
    FieldChange,
    Insights,
    MemberChoice,
    MemberChoices,
    NamedChoice,
    NamedChoices,
    OverdueTicket,
    Support,
    choices,
    priority_choices,
)
from opsdash_tickets.schemas import Company, Person
from opsdash_tickets.values import ticket_reference
from opsdash_tickets.views import UNKNOWN_NAME

PickerWords = Annotated[str | None, QueryParameter(max_length=200, description="Part of the name")]
PickerLimit = Annotated[int, QueryParameter(ge=1, le=100)]
ACTIVITY_PAGE = 50
REFERENCES = frozenset({"assignee_id", "contact_id", "project_id"})


@get("/support", operation_id="getSupport")
async def get_support(edge: NamedDependency[Edge]) -> Support:
    """What support offers in this org and what the caller may do."""
    async with edge.work(Action.READ) as (work, access):
        used = await repository.living_tickets(work.connection, access.org_id)
    return Support(
        org_id=access.org_id,
        slug=access.slug,
        plate=access.plate,
        feature=FEATURE,
        used=used,
        limit=PLAN_CAPS[access.plate],
        role=access.role,
        permissions=[action for action in Action if access.may(action)],
        statuses=choices(Status),
        priorities=priority_choices(),
        categories=choices(Category),
    )


@get("/insights", operation_id="getInsights")
async def get_insights(edge: NamedDependency[Edge]) -> Insights:
    """Counts of the active tickets, at one moment."""
    async with edge.work(Action.READ) as (work, access):
        row = await overview_repository.insights(work.connection, access.org_id)
        overdue = await overview_repository.most_overdue(work.connection, access.org_id)
    return Insights(
        open=row["open"],
        overdue=row["overdue"],
        due_soon=row["due_soon"],
        unassigned=row["unassigned"],
        by_priority={priority: row[priority] for priority in Priority},
        most_overdue=[OverdueTicket(**dict(ticket)) for ticket in overdue],
        as_of=work.now,
    )


@get("/members", operation_id="pickMembers")
async def pick_members(edge: NamedDependency[Edge], q: PickerWords = None, limit: PickerLimit = 20) -> MemberChoices:
    """Members by name."""
    rows = await _pick(edge, "members", q, limit)
    return MemberChoices([MemberChoice(**dict(row), assignable=Role(row["role"]) in ASSIGNABLE_ROLES) for row in rows])


@get("/contacts", operation_id="pickContacts")
async def pick_contacts(edge: NamedDependency[Edge], q: PickerWords = None, limit: PickerLimit = 20) -> ContactChoices:
    """Contacts by name, with their company."""
    return ContactChoices([_contact_choice(row) for row in await _pick(edge, "contacts", q, limit)])


@get("/companies", operation_id="pickCompanies")
async def pick_companies(edge: NamedDependency[Edge], q: PickerWords = None, limit: PickerLimit = 20) -> NamedChoices:
    """Companies by name."""
    return NamedChoices([NamedChoice(**dict(row)) for row in await _pick(edge, "companies", q, limit)])


@get("/projects", operation_id="pickProjects")
async def pick_projects(edge: NamedDependency[Edge], q: PickerWords = None, limit: PickerLimit = 20) -> NamedChoices:
    """Projects by name."""
    return NamedChoices([NamedChoice(**dict(row)) for row in await _pick(edge, "projects", q, limit)])


@get("/{reference:str}/activity", operation_id="getActivity")
async def ticket_activity(
    reference: FromPath[str],
    edge: NamedDependency[Edge],
    cursors: NamedDependency[Cursors],
    cursor: Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")] = None,
) -> ActivityPage:
    """Everything that happened to the ticket, oldest first."""
    async with edge.work(Action.READ) as (work, access):
        ticket = await use_cases.ticket_detail(work, access, ticket_reference(reference))
        scope = f"{access.org_id}|activity|{ticket['id']}"
        after = int(cursors.decode(cursor, scope=scope)[0]) if cursor is not None else 0
        rows = await overview_repository.activity(
            work.connection, access.org_id, ticket["id"], after_version=after, limit=ACTIVITY_PAGE + 1
        )
        shown = rows[:ACTIVITY_PAGE]
        changes = [json.loads(row["changes"]) for row in shown]
        labels = await overview_repository.labels(work.connection, access.org_id, _referenced(changes))
    entries = [_entry(row, changed, labels) for row, changed in zip(shown, changes, strict=True)]
    more = len(rows) > ACTIVITY_PAGE
    return ActivityPage(entries, cursors.encode([shown[-1]["version"]], scope=scope) if more else None)


async def _pick(edge: Edge, kind: str, words: str | None, limit: int) -> list[Record]:
    async with edge.work(Action.READ) as (work, access):
        return await overview_repository.picker(work.connection, access.org_id, kind, words=words, limit=limit)


def _contact_choice(row: Record) -> ContactChoice:
    company = None
    if row["company_name"] is not None:
        company = Company(id=row["company_id"], name=row["company_name"], active=row["company_active"])
    return ContactChoice(id=row["id"], name=row["name"], email=row["email"], company=company)


def _referenced(changes: list[dict[str, Any]]) -> set[UUID]:
    """Ids in the changes whose names a reader wants to see."""
    pairs = [change for entry in changes for name, change in entry.items() if name in REFERENCES]
    return {UUID(change[side]) for change in pairs for side in ("from", "to") if change.get(side)}


def _entry(row: Record, changes: dict[str, Any], labels: dict[UUID, str]) -> ActivityEntry:
    actor = None
    if row["actor_id"] is not None:
        actor = Person(id=row["actor_id"], name=row["actor_name"] or UNKNOWN_NAME, active=bool(row["actor_active"]))
    return ActivityEntry(
        id=row["id"],
        type=row["type"],
        version=row["version"],
        at=row["at"],
        actor=actor,
        changes=[_field_change(name, change, labels) for name, change in changes.items()],
        bulk_id=None if row["bulk_id"] is None else UUID(row["bulk_id"]),
    )


def _field_change(name: str, change: dict[str, Any], labels: dict[UUID, str]) -> FieldChange:
    if "from" not in change:
        return FieldChange(name)
    before, after = change["from"], change["to"]
    if name not in REFERENCES:
        return FieldChange(name, before, after)
    named = [labels.get(UUID(value)) if value else None for value in (before, after)]
    return FieldChange(name, before, after, *named)


ROUTES = [
    Router(
        "/",
        route_handlers=[get_support, get_insights, pick_members, pick_contacts, pick_companies, pick_projects],
        tags=["workspace"],
    )
]
