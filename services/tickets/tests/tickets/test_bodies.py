"""The bytes that fixed rows are answered with."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from opsdash_contracts.workspace import Plate, Role
from opsdash_tickets.access.policy import Access
from opsdash_tickets.tickets.presenters import ticket_row
from opsdash_tickets.tickets.responses import detail_response

from services.tickets.tests.rows import ADA, FINISHED, NAMED, NOW, detailed, listed, names
from tests.contracts.files import assert_as_stored

GOLDEN = Path(__file__).with_name("golden")
ACCESS = Access(UUID(int=9), "ours", Plate.SALES, Role.MEMBER, ADA)
ROWS: dict[str, dict[str, Any]] = {
    "bare": {},
    "named": NAMED,
    "finished": FINISHED,
    "overdue": {"sla_due_at": NOW - timedelta(seconds=1), "status": "waiting"},
    "finished-by-an-older-release": FINISHED | {"sla_outcome": None},
}
DETAILS: dict[str, dict[str, Any]] = ROWS | {
    "changed-by-the-system": {"updated_by": None},
    "rendered-anew": {"description_html": None},
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_a_list(name: str):
    assert_as_stored(GOLDEN / f"list-{name}.json", ticket_row(listed(**ROWS[name]), names(), NOW))


@pytest.mark.parametrize("name", DETAILS)
async def test_a_detail(name: str):
    response = await detail_response(detailed(**DETAILS[name]), names(), ACCESS, NOW)
    assert_as_stored(GOLDEN / f"detail-{name}.json", response.content)
    assert response.headers["ETag"] == '"3"'
