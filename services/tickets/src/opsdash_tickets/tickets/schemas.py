"""The REST bodies of tickets. Field names are those of the database and the events."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType
from opsdash_contracts.ticket_rules import DEFAULT_CATEGORY, DEFAULT_PRIORITY, DEFAULT_STATUS
from opsdash_contracts.tickets import Category, Priority, SlaSource, Status
from opsdash_http.errors.problems import FieldError
from opsdash_markdown import Rendered

from opsdash_tickets.access.policy import Action
from opsdash_tickets.common_schemas import Body
from opsdash_tickets.names.entities import Contact, Person, Project
from opsdash_tickets.tickets import validation
from opsdash_tickets.tickets.create import NewTicket
from opsdash_tickets.tickets.due_times import SlaState

Title = Annotated[
    str,
    Meta(
        max_length=validation.MAXIMUM_TITLE_SENT,
        description=f"1 to {validation.MAXIMUM_TITLE} characters, at least one of them visible, when what surrounds"
        f" them is trimmed; {validation.MAXIMUM_TITLE_SENT:,} at most as sent",
    ),
]
Description = Annotated[str, Meta(max_length=validation.MAXIMUM_DESCRIPTION, description="Markdown, stored as it is")]
DueTime = Annotated[
    str, Meta(max_length=64, description="RFC 3339 with zone, in the future; blank lets the priority decide")
]


class CreateTicket(Body):
    """A new ticket."""

    title: Title
    description: Description = ""
    status: Status = DEFAULT_STATUS
    priority: Priority = DEFAULT_PRIORITY
    category: Category = DEFAULT_CATEGORY
    assignee_id: UUID | None = None
    contact_id: UUID | None = None
    project_id: UUID | None = None
    sla_due_at: DueTime | None = None

    def to_new_ticket(self, rendered: Rendered) -> NewTicket:
        """Raises InvalidFields."""
        return NewTicket(
            title=validation.title(self.title),
            description=self.description,
            rendered=rendered,
            status=self.status,
            priority=self.priority,
            category=self.category,
            assignee_id=self.assignee_id,
            contact_id=self.contact_id,
            project_id=self.project_id,
            sla_due_at=validation.due_time(self.sla_due_at),
        )


class PatchTicket(Body):
    """A JSON Merge Patch (RFC 7396): absent leaves a field as it is, null clears it where that is allowed."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    assignee_id: UUID | UnsetType | None = UNSET
    contact_id: UUID | UnsetType | None = UNSET
    project_id: UUID | UnsetType | None = UNSET
    sla_due_at: DueTime | UnsetType | None = UNSET

    @property
    def new_description(self) -> str | None:
        """None leaves it."""
        return None if self.description is UNSET else self.description or ""

    def to_fields(self) -> dict[str, Any]:
        """The given fields as the domain takes them. Raises InvalidFields."""
        given = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}
        if "title" in given:
            given["title"] = validation.title(given["title"])
        if "description" in given:
            given["description"] = self.new_description
        if "sla_due_at" in given:
            given["sla_due_at"] = validation.due_time(given["sla_due_at"])
        return given


class FoundIn(StrEnum):
    """Where words of a search were found."""

    TITLE = "title"
    CONTACT = "contact"
    COMPANY = "company"
    DESCRIPTION = "description"
    COMMENTS = "comments"


class TicketRow(Body, kw_only=True):
    """A ticket as lists show it; `found_in` is there when the list was searched for, empty for a number alone."""

    id: UUID
    number: int
    title: str
    status: Status
    priority: Priority
    category: Category
    assignee: Person | None
    contact: Contact | None
    project: Project | None
    sla_due_at: datetime | None
    sla_source: SlaSource | None
    sla_state: SlaState
    sla_breached_at: datetime | None
    first_response_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reopen_count: int
    comment_count: int
    created_by: Person
    created_at: datetime
    updated_at: datetime
    version: int
    found_in: list[FoundIn] | UnsetType = UNSET


class TicketDetail(TicketRow, kw_only=True):
    """A ticket with its text, where its status can go, and what the caller may do with it.

    `updated_by` made the newest version; null is the system.
    """

    description: str
    description_html: Annotated[str, Meta(description="Rendered and sanitised: safe to put into a page")]
    updated_by: Person | None
    allowed_statuses: list[Status]
    permissions: list[Action]


class BulkChange(Body):
    """One patch for many tickets."""

    ids: Annotated[list[UUID], Meta(min_length=1, max_length=100)]
    patch: PatchTicket


class ItemError(Body):
    """Why one ticket of a bulk change was refused."""

    type: str
    detail: str
    errors: list[FieldError]


class BulkItem(Body):
    """What became of one ticket: `status` as if it had been patched alone."""

    id: UUID
    status: int
    version: int | None
    error: ItemError | None


class BulkResult(Body):
    """Results in the order asked for; `bulk_id` is on every event of the change."""

    bulk_id: UUID
    items: list[BulkItem]


class PeopleRequest(Body):
    ids: Annotated[list[UUID], Meta(max_length=2000)]


class People(Body):
    """Those whom the org has or had."""

    people: list[Person]


class Existence(Body):
    """What other services may know of a ticket."""

    ticket_id: UUID
    number: int
    version: int
    deleted_at: datetime | None
    purged_at: datetime | None


class DatabaseTime(Body):
    """For those without a database, whose clocks must agree with it too."""

    now: datetime
