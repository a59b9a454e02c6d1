"""Changes the settings of an org. Takes an open unit of work and never commits."""

from __future__ import annotations

from dataclasses import replace

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_tenancy.errors import StaleVersion
from opsdash_tenancy.versions import ExpectedVersions, check_version

from opsdash_notifications.access.policy import Access
from opsdash_notifications.org_settings import repository
from opsdash_notifications.org_settings.model import OrgSettings


async def change(
    work: UnitOfWork, access: Access, *, escalate_after_hours: int | None, if_match: ExpectedVersions
) -> OrgSettings:
    """None leaves a setting; what changes nothing makes no version. Raises StaleVersion."""
    before = await repository.read(work.connection, access.org_id)
    check_version(before.version, if_match)
    if escalate_after_hours is None or escalate_after_hours == before.escalate_after_hours:
        return before
    after = replace(before, escalate_after_hours=escalate_after_hours, version=before.version + 1)
    if not await repository.save(work.connection, access.org_id, after):
        raise StaleVersion((await repository.read(work.connection, access.org_id)).version)
    return after
