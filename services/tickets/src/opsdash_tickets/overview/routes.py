"""What surrounds the list: support settings, insights and pickers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from opsdash_chassis.database.pools import Connection
from opsdash_chassis.text.folding import folded_words
from opsdash_contracts.tickets import Category, Status
from opsdash_contracts.workspace import PLATE_CAPS, Role

from opsdash_tickets.access.policy import ASSIGNABLE_ROLES, Action
from opsdash_tickets.access.scope import RequestScope
from opsdash_tickets.errors import NotFound
from opsdash_tickets.overview import repository
from opsdash_tickets.overview.repository import PickedContact, PickedEntity, PickedMember, Words
from opsdash_tickets.overview.schemas import (
    FEATURE,
    ContactChoice,
    ContactChoices,
    Insights,
    MemberChoice,
    MemberChoices,
    NamedChoice,
    NamedChoices,
    OverdueTicket,
    Support,
    Views,
    choices,
    priority_choices,
)
from opsdash_tickets.plate_usage import repository as plate_usage_repository

Picked = TypeVar("Picked")
PickerWords = Annotated[
    str | None, QueryParameter(max_length=200, description="Parts of the name, without regard to case and accents")
]
PickerLimit = Annotated[int, QueryParameter(ge=1, le=100)]


@get("/support", operation_id="getSupport")
async def get_support(org: NamedDependency[RequestScope]) -> Support:
    """What support offers in this org and what the caller may do."""
    async with org.transaction(Action.READ) as (work, access):
        row = await repository.support(work.connection, access.org_id, access.user_id)
    if row is None:
        raise NotFound
    return Support(
        org_id=access.org_id,
        member_id=row.member_id,
        slug=access.slug,
        name=row.name,
        plate=access.plate,
        feature=FEATURE,
        used=row.used,
        limit=PLATE_CAPS[access.plate],
        role=access.role,
        permissions=access.permissions,
        statuses=choices(Status),
        priorities=priority_choices(),
        categories=choices(Category),
    )


@get("/views", operation_id="getViews")
async def get_views(org: NamedDependency[RequestScope]) -> Views:
    """Counts of the preset views, for the caller."""
    async with org.transaction(Action.READ) as (work, access):
        counts = await repository.views(work.connection, access.org_id, access.user_id)
        not_deleted = await plate_usage_repository.living_tickets(work.connection, access.org_id)
    return Views(
        active=counts.active,
        mine=counts.mine,
        unassigned=counts.unassigned,
        overdue=counts.overdue,
        done=not_deleted - counts.active,
        as_of=work.now,
    )


@get("/insights", operation_id="getInsights")
async def get_insights(org: NamedDependency[RequestScope]) -> Insights:
    """Counts of the active tickets, at one moment."""
    async with org.transaction(Action.READ) as (work, access):
        counts = await repository.insights(work.connection, access.org_id)
        overdue = await repository.most_overdue(work.connection, access.org_id)
    return Insights(
        open=counts.open,
        overdue=counts.overdue,
        due_soon=counts.due_soon,
        due_in_4_hours=counts.due_in_4_hours,
        unassigned=counts.unassigned,
        by_priority={"urgent": counts.urgent, "high": counts.high, "medium": counts.medium, "low": counts.low},
        most_overdue=msgspec.convert(overdue, list[OverdueTicket], from_attributes=True),
        as_of=work.now,
    )


@get("/members", operation_id="pickMembers")
async def pick_members(
    org: NamedDependency[RequestScope], q: PickerWords = None, limit: PickerLimit = 20
) -> MemberChoices:
    """Members by name."""
    return MemberChoices(items=[_member_choice(row) for row in await _pick(org, repository.members, q, limit)])


@get("/contacts", operation_id="pickContacts")
async def pick_contacts(
    org: NamedDependency[RequestScope], q: PickerWords = None, limit: PickerLimit = 20
) -> ContactChoices:
    """Contacts by name, with their company."""
    return ContactChoices(items=[_contact_choice(row) for row in await _pick(org, repository.contacts, q, limit)])


@get("/companies", operation_id="pickCompanies")
async def pick_companies(
    org: NamedDependency[RequestScope], q: PickerWords = None, limit: PickerLimit = 20
) -> NamedChoices:
    """Companies by name."""
    return _named_choices(await _pick(org, repository.companies, q, limit))


@get("/projects", operation_id="pickProjects")
async def pick_projects(
    org: NamedDependency[RequestScope], q: PickerWords = None, limit: PickerLimit = 20
) -> NamedChoices:
    """Projects by name."""
    return _named_choices(await _pick(org, repository.projects, q, limit))


async def _pick(
    org: RequestScope,
    find: Callable[[Connection, UUID, Words, int], Awaitable[list[Picked]]],
    words: str | None,
    limit: int,
) -> list[Picked]:
    async with org.transaction(Action.READ) as (work, access):
        return await find(work.connection, access.org_id, folded_words(words or "") or None, limit)


def _member_choice(row: PickedMember) -> MemberChoice:
    role = Role(row.role)
    return MemberChoice(id=row.id, name=row.name, email=row.email, role=role, assignable=role in ASSIGNABLE_ROLES)


def _contact_choice(row: PickedContact) -> ContactChoice:
    return ContactChoice(id=row.id, name=row.name, email=row.email, company=row.company)


def _named_choices(rows: list[PickedEntity]) -> NamedChoices:
    return NamedChoices(items=[NamedChoice(id=row.id, name=row.name) for row in rows])


ROUTES = [
    Router(
        "/",
        route_handlers=[
            get_support,
            get_views,
            get_insights,
            pick_members,
            pick_contacts,
            pick_companies,
            pick_projects,
        ],
        tags=["workspace"],
    )
]
