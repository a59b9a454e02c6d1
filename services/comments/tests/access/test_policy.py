"""Which role may do what with comments."""

from __future__ import annotations

from uuid import uuid4

import pytest
from opsdash_comments.access.policy import Access, CommentAction
from opsdash_contracts.workspace import Plate, Role


class TestRights:
    @pytest.mark.parametrize("role", Role)
    def test_everybody_reads_and_all_but_viewers_comment(self, role: Role) -> None:
        access = Access(uuid4(), "ours", Plate.SALES, role, uuid4())
        assert access.may(CommentAction.READ)
        assert access.may(CommentAction.COMMENT) == (role is not Role.VIEWER)
        assert access.may(CommentAction.MODERATE) == (role in {Role.OWNER, Role.ADMIN})
