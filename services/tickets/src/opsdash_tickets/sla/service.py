"""Recompute: the due time the present priority gives, for those who want a changed priority to count."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.tickets import SlaSource
from opsdash_tenancy.versions import ExpectedVersions

from opsdash_tickets.access.policy import Access
from opsdash_tickets.tickets import due_times, model
from opsdash_tickets.tickets import service as tickets_service
from opsdash_tickets.tickets.model import Ticket


async def recompute_due(
    work: UnitOfWork, access: Access, reference: UUID | int, *, dry_run: bool, if_match: ExpectedVersions = None
) -> tuple[Ticket, Ticket]:
    """The ticket before and after: created_at plus the hours of its priority, source auto, as a normal version.

    The result may lie in the past: then the ticket is overdue, which is what the rule says and the dry run shows.
    Raises NotFound, StaleVersion or TicketFinished.
    """
    before = await tickets_service.lock_ticket(work, access, reference, if_match=if_match)
    model.check_running(before)
    due = due_times.due_at(before.created_at, before.priority)
    after = replace(before, sla_due_at=due, sla_source=SlaSource.AUTO)
    if dry_run or not differs(before, after):
        return before, after
    return before, await tickets_service.save_change(work, access, before, after)


def differs(before: Ticket, after: Ticket) -> bool:
    return bool({"sla_due_at", "sla_source"} & model.changes_between(before, after).keys())
