"""The REST bodies about due times: recompute for people; confirm, state and context for other services."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from opsdash_contracts.tickets import Priority, SlaSource, Status

from opsdash_tickets.common_schemas import Body
from opsdash_tickets.names.entities import Person
from opsdash_tickets.tickets.due_times import SlaState


class SlaFields(Body):
    """Where a ticket stands against its due time."""

    sla_due_at: datetime | None
    sla_source: SlaSource | None
    sla_state: SlaState


class Recomputed(Body):
    """What the recompute did, or in a dry run would do. `version` is the ticket's version now."""

    dry_run: bool
    changed: bool
    before: SlaFields
    after: SlaFields
    version: int


class SlaContext(Body):
    """A ticket whose ledger the caller may read, and the people who appear in it."""

    org_id: UUID
    ticket_id: UUID
    number: int
    priority: Priority
    sla: SlaFields
    people: list[Person]
    as_of: datetime


class Pair(Body):
    """A ticket and the due time somebody believes it has."""

    org_id: UUID
    ticket_id: UUID
    due_at: datetime


class ConfirmRequest(Body):
    pairs: Annotated[list[Pair], Meta(max_length=2000)]


class Verdicts(Body):
    """overdue, open, finished, deleted, moved, no_support, busy or unknown; one for each pair, in order."""

    verdicts: list[str]


class SupportedRequest(Body):
    org_ids: Annotated[list[UUID], Meta(max_length=10_000)]


class Supported(Body):
    """Those of the orgs whose plate has support."""

    org_ids: list[UUID]


class TicketSla(msgspec.Struct, kw_only=True):
    """What the monitor needs of a ticket's newest version."""

    org_id: UUID
    ticket_id: UUID
    number: int
    version: int
    status: Status
    priority: Priority
    assignee_id: UUID | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    sla_source: SlaSource | None
    resolved_at: datetime | None
    deleted: bool
