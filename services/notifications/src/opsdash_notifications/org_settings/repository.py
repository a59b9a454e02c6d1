"""SQL of an org's settings. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from dataclasses import astuple
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row

from opsdash_notifications.org_settings.model import OrgSettings

_READ = "SELECT escalate_after_hours, include_text, language, version FROM org_settings WHERE org_id = $1"
# Of two who change the same version, the one that comes later changes nothing.
_SAVE = """
INSERT INTO org_settings (org_id, escalate_after_hours, include_text, language, version) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (org_id) DO UPDATE
SET escalate_after_hours = excluded.escalate_after_hours, include_text = excluded.include_text,
    language = excluded.language, version = excluded.version
WHERE org_settings.version = excluded.version - 1
RETURNING true
"""


async def read(connection: Connection, org_id: UUID) -> OrgSettings:
    """The defaults until somebody changes one."""
    return to_row(OrgSettings, await connection.fetchrow(_READ, org_id)) or OrgSettings()


async def save(connection: Connection, org_id: UUID, settings: OrgSettings) -> bool:
    """The next version; whether it was that still."""
    return bool(await connection.fetchval(_SAVE, org_id, *astuple(settings)))
