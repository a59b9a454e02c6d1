"""Somebody who acts on tickets, and what the ledger and the topic say about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from opsdash_contracts.tickets import SlaSource, TicketEvent

from tests.integration.sla_running import SlaRunning
from tests.support.eventually import eventually
from tests.support.sla import bodies

Notified = list[tuple[Any, ...]]
HOUR = timedelta(hours=1)


class Scene:
    """Somebody who acts on tickets, and what the ledger and the topic say about it."""

    path = "/orgs/ours/tickets"

    def __init__(self, running: SlaRunning) -> None:
        self.rig = running.rig
        self.client = running.client
        self.witness = running.witness
        self.monitor = running.monitor

    async def create(self, due: timedelta, **fields: Any) -> str:
        ticket = await self.client.create_ticket("ours", sla_due_at=(datetime.now(UTC) + due).isoformat(), **fields)
        return str(ticket["id"])

    async def patch(self, ticket: str, **fields: Any) -> None:
        answer = await self.client.call("PATCH", f"{self.path}/{ticket}", fields)
        assert answer.status == 200, answer.body

    async def due_in(self, ticket: str, due: timedelta) -> None:
        await self.patch(ticket, sla_due_at=(datetime.now(UTC) + due).isoformat())

    async def ledger(self, ticket: str | UUID, *wanted: tuple[Any, ...], org_id: UUID | None = None) -> Notified:
        """Wait for as many entries as wanted: (kind, rule), and for what somebody is told (kind, notified, reason)."""

        async def entries() -> list[dict[str, Any]]:
            return await self.rig.ledger(self.monitor, ticket, org_id)

        found = await eventually(entries, lambda entries: len(entries) >= len(wanted), timeout=45)
        notified = [
            (e["kind"], e["rule"]) if e["notified"] is None else (e["kind"], e["notified"], e["reason"]) for e in found
        ]
        assert notified == list(wanted), notified
        return found  # type: ignore[return-value]

    def published(self, event_type: str, ticket: str | UUID) -> list[dict[str, Any]]:
        return [body for body in bodies(self.witness, event_type) if body["ticket_id"] == str(ticket)]

    async def published_once(self, event_type: str, ticket: str | UUID) -> dict[str, Any]:
        """The ledger knows it before the topic does."""
        await self.witness.wait_until(lambda _: bool(self.published(event_type, ticket)))
        (body,) = self.published(event_type, ticket)
        return body


def event_of(row: Any, *, version: int, due_at: datetime) -> TicketEvent:
    """An event of a seeded ticket."""
    return TicketEvent(
        ticket_id=row["id"], org_id=row["org_id"], number=row["number"], title=row["title"], status=row["status"],
        priority=row["priority"], category=row["category"], assignee_id=None, contact_id=None, project_id=None,
        created_by=row["created_by"], sla_due_at=due_at, sla_source=SlaSource.MANUAL, first_response_at=None,
        resolved_at=None, closed_at=None, reopen_count=0, created_at=row["created_at"], updated_at=row["updated_at"],
        deleted_at=None, version=version, changes={},
    )  # fmt: skip


BREACH = ("breached", True, None)
SOON = timedelta(seconds=4)  # events of a busy machine come in time
