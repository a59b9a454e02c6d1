"""Channels of an org that is removed: no address is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from opsdash_contracts.workspace import Kind, Removed

from services.notifications.tests.conftest import Desk
from tests.support.workspace import workspace_event

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("version", "kept"), [(100, ""), (1, "encrypted")])
async def test_their_addresses_go_with_the_org(desk: Desk, version: int, kept: str) -> None:
    """An event that is older than what is known of the org removes nothing."""
    foreign = desk.workspace.foreign
    owner = desk.database
    for org in (desk.ours, foreign):
        values = (org.id, uuid4(), "Support", "slack", "encrypted", "slack://…", [], [], [], 1, datetime.now(UTC))
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        columns = "org_id, id, name, scheme, address, shown, reasons, priorities, categories, version, created_at"
        await owner.fetch(f"INSERT INTO team_channels ({columns}) VALUES ({places})", *values)
    await desk.apply(workspace_event(Removed(org_id=desk.ours.id, kind=Kind.ORG, id=desk.ours.id, version=version)))
    rows = await owner.fetch("SELECT org_id, address, name FROM team_channels")
    assert {row["org_id"]: row["address"] for row in rows} == {desk.ours.id: kept, foreign.id: "encrypted"}
    assert {row["name"] for row in rows} == {"Support"}, "the ledger goes on showing it"
