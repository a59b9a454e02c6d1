"""Handlers of notice events, which keep what became of each notice about a due time."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_chassis.consuming.handler import BatchHandler, ReceivedEvent
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Notice

from opsdash_sla_monitor.deliveries import repository
from opsdash_sla_monitor.deliveries.model import report_of


async def follow_notices(work: UnitOfWork, received: Sequence[ReceivedEvent[Notice]]) -> None:
    """Of a notice that is reported several times, the last report counts."""
    found = [report for item in received if (report := report_of(item.event)) is not None]
    newest = {(report.org_id, report.notice_id): report for report in sorted(found, key=lambda d: d.version)}
    if newest:
        await repository.save_all(work.connection, list(newest.values()))


NOTICE_HANDLERS = dict.fromkeys(Notice.event_types, BatchHandler(follow_notices))
