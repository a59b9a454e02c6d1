"""The rules of a comment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from opsdash_comments.access.policy import Access
from opsdash_comments.comments import model
from opsdash_comments.comments.model import Comment
from opsdash_comments.errors import CommentDeleted, Forbidden
from opsdash_contracts.workspace import Plate, Role

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AUTHOR, OTHER = uuid4(), uuid4()


def comment(**fields: object) -> Comment:
    made = Comment(
        id=uuid4(), org_id=uuid4(), ticket_id=uuid4(), parent_id=None, author_id=AUTHOR, body="text", mentions=(),
        created_at=NOW, edited_at=None, edited_by=None, deleted_at=None, deleted_by=None, version=1,
    )  # fmt: skip
    return replace(made, **fields)


def access(role: Role, user_id: UUID = OTHER) -> Access:
    return Access(uuid4(), "ours", Plate.SALES, role, user_id)


class TestRights:
    @pytest.mark.parametrize(("role", "own"), [(Role.MEMBER, True), (Role.ADMIN, False), (Role.OWNER, False)])
    def test_author_and_moderators_may_change(self, role: Role, own: bool) -> None:
        model.check_may_change(access(role, AUTHOR if own else OTHER), comment())

    @pytest.mark.parametrize(("role", "user"), [(Role.MEMBER, OTHER), (Role.VIEWER, AUTHOR), (Role.VIEWER, OTHER)])
    def test_others_and_an_author_who_became_a_viewer_may_not(self, role: Role, user: UUID) -> None:
        with pytest.raises(Forbidden):
            model.check_may_change(access(role, user), comment())


class TestEdit:
    def test_a_new_text_is_a_new_version_with_editor_and_time(self) -> None:
        after = model.edited(comment(), body="new", mentions=None, actor_id=OTHER, now=NOW)
        assert (after.body, after.version, after.edited_at, after.edited_by) == ("new", 2, NOW, OTHER)

    def test_the_same_again_is_the_same_comment(self) -> None:
        before = comment(mentions=(OTHER,))
        assert model.edited(before, body="text", mentions=[OTHER, OTHER], actor_id=OTHER, now=NOW) is before
        assert model.edited(before, body=None, mentions=None, actor_id=OTHER, now=NOW) is before

    def test_other_mentions_alone_are_no_edit_of_the_text(self) -> None:
        after = model.edited(comment(), body=None, mentions=[OTHER], actor_id=OTHER, now=NOW)
        assert (after.mentions, after.version, after.edited_at) == ((OTHER,), 2, None)

    def test_a_tombstone_has_nothing_to_edit(self) -> None:
        gone = model.tombstone(comment(mentions=(OTHER,)), actor_id=OTHER, now=NOW)
        assert (gone.body, gone.mentions, gone.version, gone.deleted_by) == ("", (), 2, OTHER)
        with pytest.raises(CommentDeleted):
            model.edited(gone, body="x", mentions=None, actor_id=OTHER, now=NOW)


class TestThread:
    def test_a_reply_to_a_reply_hangs_on_the_same_top(self) -> None:
        top = comment()
        assert (top.top_id, comment(parent_id=top.id).top_id) == (top.id, top.id)

    def test_creation_times_only_grow(self) -> None:
        assert model.next_moment(NOW, None) == NOW
        assert model.next_moment(NOW, NOW - timedelta(1)) == NOW
        assert model.next_moment(NOW, NOW + timedelta(1)) > NOW + timedelta(1)

    def test_everybody_is_mentioned_once_and_the_new_ones_are_known(self) -> None:
        assert model.once_each([OTHER, AUTHOR, OTHER]) == (OTHER, AUTHOR)
        assert model.added((OTHER,), (AUTHOR, OTHER)) == (AUTHOR,)
