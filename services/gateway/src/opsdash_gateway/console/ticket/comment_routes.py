"""The comments of a ticket: read on, write, edit, delete, look at old texts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_http.errors.problems import Problem
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM, PAGE
from opsdash_gateway.console.shell.error_messages import error_message, field_messages
from opsdash_gateway.console.shell.htmx import events, is_fragment, toast
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.forms import conditions, read_form, read_people, version_in
from opsdash_gateway.console.ticket.responses import back_to
from opsdash_gateway.console.ticket.schemas import Comment, RevisionPage, Tombstone
from opsdash_gateway.console.ticket.service import read_comments

INVALID = 422
#: The text or its parent was changed or deleted by somebody else.
OVERTAKEN = frozenset({"stale-version", "comment-deleted"})


def _path(number: int, comment_id: UUID | None = None) -> str:
    return f"/tickets/{number}/comments" + (f"/{comment_id}" if comment_id else "")


@get("/support/{number:int}/comments", opt=PAGE)
async def more_comments(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """The first page anew, or with `cursor` the next one."""
    cursor = page.request.query_params.get("cursor")
    comments = await read_comments(page, number, cursor)
    template = "comments_more" if cursor else "comments"
    return page.render(f"ticket/{template}.html", number=number, comments=comments)


@get("/support/{number:int}/comments/{comment_id:uuid}", opt=PAGE)
async def one_comment(number: FromPath[int], comment_id: FromPath[UUID], page: NamedDependency[Page]) -> HttpResponse:
    """As it is now; with `placed` where it belongs among the others, for a page that does not have it yet."""
    comment = await _read(page, number, comment_id)
    template = "comment_new" if "placed" in page.request.query_params else "comment_one"
    return page.render(f"ticket/{template}.html", number=number, comment=comment)


@get("/support/{number:int}/comments/{comment_id:uuid}/edit", opt=PAGE)
async def edit_form(number: FromPath[int], comment_id: FromPath[UUID], page: NamedDependency[Page]) -> HttpResponse:
    comment = await _read(page, number, comment_id)
    template = "comment_edit" if comment.may_change else "comment_one"
    return page.render(f"ticket/{template}.html", number=number, comment=comment)


@get("/support/{number:int}/comments/{comment_id:uuid}/revisions", opt=PAGE)
async def revisions(number: FromPath[int], comment_id: FromPath[UUID], page: NamedDependency[Page]) -> HttpResponse:
    """The texts it had before, for those who may see them."""
    path = f"{_path(number, comment_id)}/revisions"
    found = await page.read(path, RevisionPage, service="comments")
    return page.render("ticket/revisions.html", revisions=found.items)


@post("/support/{number:int}/comments", opt=FORM, status_code=201)
async def create_comment(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """A comment, or with `parent` a reply; on refusal the text stays in the box."""
    form = await read_form(page.request)
    body: dict[str, Any] = {"body": form.get("body", "").replace("\r\n", "\n")}
    body["mentions"] = await read_people(page.request)
    if form.get("parent"):
        body["parent_id"] = form["parent"]
    sent = conditions(page.request, {})
    sent.pop("if-match", None)
    try:
        answer = await page.send("POST", _path(number), body, sent, service="comments")
    except Problem as problem:
        return _refused(page, problem, "composer-error")
    if not is_fragment(page.request):
        return back_to(page, number)
    comment = msgspec.json.decode(answer.body, type=Comment)
    told = events(comment_created={"id": str(comment.id), "number": number})
    return page.render("ticket/comment_new.html", 201, told, number=number, comment=comment)


@post("/support/{number:int}/comments/{comment_id:uuid}", opt=FORM, status_code=200)
async def change_comment(
    number: FromPath[int], comment_id: FromPath[UUID], page: NamedDependency[Page]
) -> HttpResponse:
    form = await read_form(page.request)
    body = {"body": form.get("body", "").replace("\r\n", "\n"), "mentions": await read_people(page.request)}
    sent = conditions(page.request, form)
    try:
        answer = await page.send("PATCH", _path(number, comment_id), body, sent, service="comments")
    except Problem as problem:
        if problem.code in OVERTAKEN:
            return await _overtaken(page, number, comment_id, problem)
        return _refused(page, problem, f"comment-error-{comment_id}")
    if not is_fragment(page.request):
        return back_to(page, number)
    comment = msgspec.json.decode(answer.body, type=Comment)
    return page.render("ticket/comment_changed.html", number=number, comment=comment)


@post("/support/{number:int}/comments/{comment_id:uuid}/delete", opt=FORM, status_code=200)
async def delete_comment(
    number: FromPath[int], comment_id: FromPath[UUID], page: NamedDependency[Page]
) -> HttpResponse:
    """A tombstone takes its place; the replies stay."""
    form = await read_form(page.request)
    sent = conditions(page.request, form)
    # A deletion is the next version, so that the page takes its own event for known.
    left = Tombstone(id=comment_id, version=version_in(sent) + 1)
    try:
        await page.send("DELETE", _path(number, comment_id), headers=sent, service="comments")
    except Problem as problem:
        if problem.code in OVERTAKEN:
            return await _overtaken(page, number, comment_id, problem)
        raise
    if not is_fragment(page.request):
        return back_to(page, number)
    told = toast("success", page.language.text("Comment deleted"), comment_deleted={"id": str(comment_id)})
    return page.render("ticket/comment_deleted.html", 200, told, comment=left)


async def _read(page: Page, number: int, comment_id: UUID) -> Comment:
    return await page.read(_path(number, comment_id), Comment, service="comments")


async def _overtaken(page: Page, number: int, comment_id: UUID, problem: Problem) -> HttpResponse:
    """What it is now beside what was typed, which stays; the next save is based on the new version."""
    comment = await _read(page, number, comment_id)
    text = error_message(problem, page.language)
    if comment.edited_by is not None and comment.body is not None:
        text = page.language.text("%(name)s changed this comment in the meantime.", name=comment.edited_by.name)
    return page.render(
        "ticket/comment_overtaken.html", problem.status, toast("error", text), number=number, comment=comment
    )


def _refused(page: Page, problem: Problem, target: str) -> HttpResponse:
    """A message under the box for wrong values; anything else is told by a toast."""
    if problem.code != "validation":
        raise problem
    message = next(iter(field_messages(problem, page.language).values()), error_message(problem, page.language))
    return page.render("ticket/message.html", INVALID, target=target, message=message)
