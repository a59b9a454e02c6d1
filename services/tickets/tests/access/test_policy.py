"""What each role may do."""

from __future__ import annotations

from uuid import uuid4

import pytest
from opsdash_contracts.workspace import Plate, Role
from opsdash_tickets.access.policy import Access, Action


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "actions"),
        [("owner", "read write delete"), ("admin", "read write delete"), ("member", "read write"), ("viewer", "read")],
    )
    def test_may_do_exactly_what_the_table_says(self, role: str, actions: str):
        access = Access(uuid4(), "acme", Plate.SALES, Role(role), uuid4())
        assert {action for action in Action if access.may(action)} == set(actions.split())
