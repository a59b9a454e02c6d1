"""Events of one org for the tests: tickets, comments, due times, usage; at `at`, or now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from opsdash_contracts import comments, sla, tickets, usage
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event, EventData
from opsdash_contracts.sla import SlaNotice, SlaRule
from opsdash_contracts.tickets import Category, FieldChange, Priority, SlaSource, Status, TicketEvent
from opsdash_contracts.usage import UsageNotice
from opsdash_contracts.workspace import Plate


def now() -> datetime:
    return datetime.now(UTC)


def replayed(event: Event[Any]) -> Event[Any]:
    """The same event, sent again."""
    return replace(event, envelope=event.envelope.model_copy(update={"replayed": True}))


def changed(before: object, after: object) -> FieldChange:
    return FieldChange.of(before, after)


@dataclass
class TicketStory:
    """One ticket of an org; each event is its next version."""

    org_id: UUID
    creator: UUID
    assignee: UUID | None = None
    id: UUID = field(default_factory=uuid4)
    number: int = 1
    version: int = 0
    comments: int = 0

    def created(self, **more: Any) -> Event[TicketEvent]:
        return self._ticket(tickets.CREATED, more)

    def updated(self, **more: Any) -> Event[TicketEvent]:
        return self._ticket(tickets.UPDATED, more)

    def assigned(self, to: UUID | None, by: UUID, **more: Any) -> Event[TicketEvent]:
        before, self.assignee = self.assignee, to
        return self.updated(actor=by, changes={"assignee_id": changed(before, to)}, **more)

    def moved(self, by: UUID, **more: Any) -> Event[TicketEvent]:
        return self.updated(actor=by, changes={"status": changed(Status.OPEN, Status.WAITING)}, **more)

    def reopened(self, by: UUID, **more: Any) -> Event[TicketEvent]:
        changes = {"status": changed(Status.RESOLVED, Status.OPEN), "reopen_count": changed(0, 1)}
        return self.updated(actor=by, changes=changes, **more)

    def deleted(self, by: UUID) -> Event[TicketEvent]:
        return self._ticket(tickets.DELETED, {"actor": by, "deleted_at": now()})

    def restored(self, by: UUID) -> Event[TicketEvent]:
        return self._ticket(tickets.RESTORED, {"actor": by})

    def purged(self) -> Event[TicketEvent]:
        return self._ticket(tickets.PURGED, {"title": "", "deleted_at": now() - timedelta(days=30)})

    def commented(self, by: UUID, *, mentions: Sequence[UUID] = (), at: datetime | None = None) -> Event[CommentEvent]:
        self.comments += 1
        at = at or now()
        data = CommentEvent(
            org_id=self.org_id, version=1, comment_id=uuid4(), ticket_id=self.id, ticket_sequence=self.comments,
            parent_id=None, author_id=by, mentions=list(mentions), new_mentions=list(mentions), created_at=at,
            edited_at=None, edited_by=None, deleted_at=None, changes={},
        )  # fmt: skip
        return Event.of(data, type=comments.CREATED, id=uuid4(), time=at, actor_id=by)

    def breached(self, *, at: datetime | None = None, warning: bool = False) -> Event[SlaNotice]:
        at = at or now()
        due = at + timedelta(minutes=10) if warning else at - timedelta(seconds=1)
        data = SlaNotice(
            org_id=self.org_id, version=2, ticket_id=self.id, number=self.number, ticket_version=max(1, self.version),
            priority=Priority.HIGH, assignee_id=self.assignee, created_by=self.creator, due_at=due,
            rule=SlaRule.WINDOW_NEARLY_GONE if warning else SlaRule.DUE_TIME_PASSED, detected_at=at,
            lateness_ms=0, confirmed=True,
        )  # fmt: skip
        kind = sla.WARNING if warning else sla.BREACHED
        return Event.of(data, type=kind, id=sla.notice_id(kind, self.org_id, self.id, due), time=at)

    def _ticket(self, event_type: str, more: dict[str, Any]) -> Event[TicketEvent]:
        self.version += 1
        at, actor = more.pop("at", None) or now(), more.pop("actor", self.creator)
        values = {
            "org_id": self.org_id, "version": self.version, "ticket_id": self.id, "number": self.number,
            "title": "Invoice shows the wrong VAT rate", "status": Status.OPEN, "priority": Priority.HIGH,
            "category": Category.BILLING, "assignee_id": self.assignee, "contact_id": None, "project_id": None,
            "created_by": self.creator, "sla_due_at": at, "sla_source": SlaSource.AUTO, "first_response_at": None,
            "resolved_at": None, "closed_at": None, "reopen_count": 0, "created_at": at, "updated_at": at,
            "deleted_at": None, "changes": {},
        }  # fmt: skip
        return Event.of(TicketEvent(**(values | more)), type=event_type, id=uuid4(), time=at, actor_id=actor)


def usage_noticed(org_id: UUID) -> Event[UsageNotice]:
    data = UsageNotice(org_id=org_id, version=1, plate=Plate.SALES, percent=80, used=400, limit=500)
    return Event.of(data, type=usage.NOTICED, id=uuid4(), time=now())


def message(event: Event[EventData]) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers, as they travel."""
    return event.key, event.value(), event.envelope.to_headers()
