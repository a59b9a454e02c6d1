"""Changes the settings of an org. Takes an open unit of work and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_tenancy.errors import StaleVersion
from opsdash_tenancy.versions import ExpectedVersions, check_version

from opsdash_notifications.access.policy import Access
from opsdash_notifications.errors import FieldProblem, InvalidFields
from opsdash_notifications.languages import LANGUAGES
from opsdash_notifications.org_settings import repository
from opsdash_notifications.org_settings.model import OrgSettings


async def change(
    work: UnitOfWork, access: Access, changes: Mapping[str, Any], *, if_match: ExpectedVersions
) -> OrgSettings:
    """`changes` are fields of the settings; what changes nothing makes no version.

    Raises InvalidFields, StaleVersion.
    """
    if changes.get("language", LANGUAGES[0]) not in LANGUAGES:
        raise InvalidFields([FieldProblem("/language", "not-allowed", f"must be one of {', '.join(LANGUAGES)}")])
    before = await repository.read(work.connection, access.org_id)
    check_version(before.version, if_match)
    after = replace(before, **changes)
    if after == before:
        return before
    after = replace(after, version=before.version + 1)
    if not await repository.save(work.connection, access.org_id, after):
        raise StaleVersion((await repository.read(work.connection, access.org_id)).version)
    return after
