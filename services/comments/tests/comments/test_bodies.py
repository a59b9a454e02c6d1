"""The bytes that fixed rows are answered with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from opsdash_chassis.database.cursors import Cursors
from opsdash_comments.access.policy import Access
from opsdash_comments.comments.pages import comment_page, revision_page
from opsdash_comments.comments.rows import PagedComment, RevisionView
from opsdash_comments.people.model import People, Somebody
from opsdash_contracts.workspace import Plate, Role

from tests.contracts.files import assert_as_stored

GOLDEN = Path(__file__).with_name("golden")
NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
ADA, ZOE, TICKET, UNKNOWN = (UUID(int=number) for number in range(1, 5))
ACCESS = Access(UUID(int=9), "ours", Plate.SALES, Role.MEMBER, ADA)
CURSORS = Cursors("a secret of thirty-two characters")
COMMENT = {
    "id": UUID(int=20), "ticket_id": TICKET, "parent_id": None, "author_id": ADA, "body": "*hot*",
    "body_html": "<p><em>hot</em></p>\n", "created_at": NOW, "edited_at": None, "edited_by": None, "deleted_at": None,
    "version": 1, "mentions": [],
}  # fmt: skip
COMMENTS: dict[str, dict[str, Any]] = {
    "new": {},
    "edited": {"edited_at": NOW, "edited_by": ZOE, "version": 2},
    "edited-by-somebody-unknown": {"edited_at": NOW, "edited_by": UNKNOWN},
    "reply-of-somebody-who-left": {
        "parent_id": UUID(int=19), "author_id": UNKNOWN,
    },
    "deleted": {"deleted_at": NOW, "body": "", "body_html": "", "version": 2},
    "with-mentions": {"mentions": [ZOE, UNKNOWN]},
    "rendered-anew": {"body_html": None},
}  # fmt: skip
REVISION = {
    "version": 1, "body": "*cold*", "body_html": "<p><em>cold</em></p>\n", "written_at": NOW, "written_by": ADA,
}  # fmt: skip
REVISIONS: dict[str, dict[str, Any]] = {
    "kept": {},
    "of-somebody-who-left": {"written_by": UNKNOWN, "version": 2},
    "rendered-anew": {"body_html": None},
}
PEOPLE = People()
PEOPLE.add([ADA, ZOE, UNKNOWN], {ADA: Somebody("Ada", True, Role.MEMBER), ZOE: Somebody("Zoë", True, Role.ADMIN)})


def a_comment(found: int, **changes: object) -> PagedComment:
    """A row of a page of comments, of which there are as many as are `found`."""
    values: dict[str, Any] = COMMENT | changes | {"found": found}
    return PagedComment(**values)


def a_revision(found: int, **changes: object) -> RevisionView:
    values: dict[str, Any] = REVISION | changes | {"found": found}
    return RevisionView(**values)


@pytest.mark.parametrize("name", COMMENTS)
async def test_a_comment(name: str):
    page = await comment_page(CURSORS, ACCESS, TICKET, [a_comment(1, **COMMENTS[name])], PEOPLE)
    assert_as_stored(GOLDEN / f"comment-{name}.json", page)


@pytest.mark.parametrize("name", REVISIONS)
async def test_a_revision(name: str):
    page = await revision_page(CURSORS, ACCESS, UUID(int=20), [a_revision(1, **REVISIONS[name])], PEOPLE)
    assert_as_stored(GOLDEN / f"revision-{name}.json", page)


async def test_a_page_that_goes_on_has_a_cursor():
    comments = await comment_page(CURSORS, ACCESS, TICKET, [a_comment(2)], PEOPLE)
    revisions = await revision_page(CURSORS, ACCESS, UUID(int=20), [a_revision(2)], PEOPLE)
    assert comments.next_cursor
    assert revisions.next_cursor
    assert (await comment_page(CURSORS, ACCESS, TICKET, [], PEOPLE)).next_cursor is None
