"""The routes of comments: each handler opens the work, calls one function of the service and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET
from opsdash_chassis.database.cursors import InvalidCursor
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.openapi.answers import ETAG, LOCATION
from opsdash_http.requests.conditional import IdempotencyKey, IfMatch, expected_versions
from opsdash_tenancy.open_tenant import TenantReader
from opsdash_tenancy.references import id_or_number, object_id

from opsdash_comments.access.policy import Access, CommentAction
from opsdash_comments.comments import service, view_repository
from opsdash_comments.comments.pages import comment_page, comments_scope, html_of, revision_page, revisions_scope
from opsdash_comments.comments.rows import CommentView, PagedComment, RevisionView, people_of
from opsdash_comments.comments.schemas import (
    Comment,
    CommentPage,
    CreateComment,
    PatchComment,
    RevisionPage,
    comment_of,
)
from opsdash_comments.comments.validation import PAGE
from opsdash_comments.comments.view_repository import Opening
from opsdash_comments.errors import NotFound
from opsdash_comments.people.model import People
from opsdash_comments.threads.model import Thread
from opsdash_comments.threads.scope import RequestScope

Cursor = Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")]


@get("/", operation_id="listComments")
async def list_comments(
    reference: FromPath[str], org: NamedDependency[RequestScope], cursor: Cursor = None
) -> CommentPage:
    """Comments and replies of a ticket, oldest first: 50 a page, fewer where they are long."""
    wanted = id_or_number(reference)
    if cursor is None and (page := await _first_page(org, wanted)):
        return page

    async def act(work: UnitOfWork, access: Access, thread: Thread) -> tuple[Access, UUID, list[PagedComment], People]:
        ticket_id, scope = thread.ticket_id, comments_scope(access, thread.ticket_id)
        after = None if cursor is None else _position(org.cursors.decode(cursor, scope=scope))
        rows = await view_repository.page(work.connection, access.org_id, ticket_id, after=after, limit=PAGE + 1)
        return access, ticket_id, rows, await org.people_in(work, people_of(rows))

    return await comment_page(org.cursors, *await org.run(CommentAction.READ, wanted, act))


async def _first_page(org: RequestScope, reference: UUID | int) -> CommentPage | None:
    """What nearly every reader asks for; None when the replica does not know the ticket as living."""

    async def find(reader: TenantReader) -> tuple[Opening, People] | None:
        opening = await view_repository.opening(reader, reference, limit=PAGE + 1)
        if opening is None or not opening.not_deleted:
            return None
        return opening, await org.people_with(reader, people_of(opening.comments))

    reading = await org.read(CommentAction.READ, find)
    if reading.found is None:
        return None
    opening, people = reading.found
    return await comment_page(org.cursors, reading.access, opening.ticket_id, opening.comments, people)


@post("/", operation_id="createComment", response_headers=[ETAG, LOCATION])
async def create_comment(
    reference: FromPath[str],
    data: JSONBody[CreateComment],
    org: NamedDependency[RequestScope],
    idempotency_key: IdempotencyKey = None,
) -> Response[Comment]:
    """Comment on a ticket that is not deleted, or reply to one of its comments."""
    wanted = id_or_number(reference)
    rendered = await org.render(wanted, data.body)

    async def act(work: UnitOfWork, access: Access, thread: Thread) -> Response[Comment]:
        row = await service.create_comment(work, access, thread, data.to_new_comment(rendered))
        return await _shown(org, work, row, access, status=201, located=True)

    return await org.write(wanted, act, key=idempotency_key)


@get("/{comment_id:str}", operation_id="getComment", response_headers=[ETAG])
async def get_comment(
    reference: FromPath[str], comment_id: FromPath[str], org: NamedDependency[RequestScope]
) -> Response[Comment]:
    """One comment of this ticket."""

    async def act(work: UnitOfWork, access: Access, thread: Thread) -> Response[Comment]:
        return await _answer(org, work, access, thread.ticket_id, object_id(comment_id))

    return await org.run(CommentAction.READ, id_or_number(reference), act)


@patch("/{comment_id:str}", operation_id="patchComment", response_headers=[ETAG])
async def patch_comment(
    reference: FromPath[str],
    comment_id: FromPath[str],
    data: JSONBody[PatchComment],
    org: NamedDependency[RequestScope],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[Comment]:
    """Change the text or whom it mentions: the author, an admin or an owner may. The old text is kept."""
    wanted = id_or_number(reference)
    rendered = None if data.body is UNSET else await org.render(wanted, data.body)

    async def act(work: UnitOfWork, access: Access, thread: Thread) -> Response[Comment]:
        comment = await service.edit_comment(
            work,
            access,
            thread,
            object_id(comment_id),
            body=data.new_body(),
            rendered=rendered,
            mentions=data.new_mentions(),
            if_match=expected_versions(if_match),
        )
        return await _answer(org, work, access, comment.ticket_id, comment.id)

    return await org.write(wanted, act, key=idempotency_key)


@delete("/{comment_id:str}", operation_id="deleteComment")
async def delete_comment(
    reference: FromPath[str],
    comment_id: FromPath[str],
    org: NamedDependency[RequestScope],
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[None]:
    """Remove the text for good; replies stay, and a mark that something was there."""

    async def act(work: UnitOfWork, access: Access, thread: Thread) -> Response[None]:
        expected = expected_versions(if_match)
        await service.delete_comment(work, access, thread, object_id(comment_id), if_match=expected)
        return Response(None, status_code=204)

    return await org.write(id_or_number(reference), act, key=idempotency_key)


@get("/{comment_id:str}/revisions", operation_id="listRevisions")
async def list_revisions(
    reference: FromPath[str],
    comment_id: FromPath[str],
    org: NamedDependency[RequestScope],
    cursor: Cursor = None,
) -> RevisionPage:
    """The texts a comment had before, for admins and owners: 50 a page, fewer where they are long."""

    async def act(work: UnitOfWork, access: Access, thread: Thread) -> tuple[Access, UUID, list[RevisionView], People]:
        wanted = object_id(comment_id)
        if await view_repository.one(work.connection, access.org_id, thread.ticket_id, wanted) is None:
            raise NotFound
        scope = revisions_scope(access, wanted)
        after = 0 if cursor is None else int(org.cursors.decode(cursor, scope=scope)[0])
        rows = await view_repository.revisions(
            work.connection, access.org_id, wanted, after_version=after, limit=PAGE + 1
        )
        return access, wanted, rows, await org.people_in(work, {row.written_by for row in rows})

    return await revision_page(org.cursors, *await org.run(CommentAction.MODERATE, id_or_number(reference), act))


async def _answer(
    org: RequestScope, work: UnitOfWork, access: Access, ticket_id: UUID, comment_id: UUID
) -> Response[Comment]:
    """The comment as it is in this transaction, with its version as ETag."""
    row = await view_repository.one(work.connection, access.org_id, ticket_id, comment_id)
    if row is None:
        raise NotFound
    return await _shown(org, work, row, access)


async def _shown(
    org: RequestScope, work: UnitOfWork, row: CommentView, access: Access, *, status: int = 200, located: bool = False
) -> Response[Comment]:
    """A row of the view, as it is answered."""
    (html,) = await html_of([row])
    comment = comment_of(row, html, await org.people_in(work, row.people), access)
    headers = {"ETag": f'"{comment.version}"'}
    if located:
        headers["Location"] = f"/api/orgs/{access.slug}/tickets/{comment.ticket_id}/comments/{comment.id}"
    return Response(comment, status_code=status, headers=headers)


def _position(values: list[str | int]) -> tuple[datetime, UUID]:
    """Signed by us, so its parts have the right form; anything else was made for another list."""
    if len(values) != 2:  # noqa: PLR2004 - time and id
        raise InvalidCursor
    return datetime.fromisoformat(str(values[0])), UUID(str(values[1]))
