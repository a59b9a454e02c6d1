"""Takes back changes of one's own that have taken tickets out of a list; what others changed since then stays."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from opsdash_contracts.tickets import Status
from opsdash_http.errors.problems import FieldError, Problem, validation

from opsdash_gateway.console.auth.session import FORM
from opsdash_gateway.console.list.bulk import MAXIMUM, read_rows
from opsdash_gateway.console.list.service import is_left
from opsdash_gateway.console.shell.htmx import toast
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import TicketRow, Views
from opsdash_gateway.console.ticket.merging import SEEN, SameField, save

#: What is finished has to be opened before it can be what it was.
_FINISHED: Final = frozenset({"invalid-transition", "ticket-finished"})
_TICKET_DIFFERS: Final = frozenset({404, 409, 412, 422})
_AT_ONCE: Final = 8


class Change(msgspec.Struct):
    """The properties of a ticket before and after a change, as forms write them."""

    id: UUID
    version: int
    before: dict[str, str]
    after: dict[str, str]

    def taken_back(self) -> dict[str, str]:
        """As a form that tells what was seen."""
        seen = {f"{SEEN}{name}": value for name, value in self.after.items()}
        return {**seen, **self.before, "version": str(self.version)}


_CHANGES: Final = msgspec.json.Decoder(list[Change])


@post("/support/undo", opt=FORM, status_code=200)
async def undo(page: NamedDependency[Page]) -> Response[bytes]:
    """The rows as they are now; those that could not be taken back are named."""
    changes = _read(str((await page.request.form()).get("changes", "")))
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(change: Change) -> bool:
        async with free:
            return await _take_back(page, change)

    done = await asyncio.gather(*map(one, changes))
    rows = await read_rows(page, [change.id for change in changes])
    page.views = await page.read("/views", Views)
    headers = toast(
        "success" if all(done) else "error",
        _told(page, sum(done), done.count(False)),
        undone={"left": [str(row.id) for row in rows if is_left(page, row)]},
    )
    return page.render("list/changed_rows.html", 200, headers, tickets=rows)


def _read(text: str) -> list[Change]:
    """Raises a 400 problem."""
    try:
        changes = _CHANGES.decode(text)
    except msgspec.DecodeError:
        changes = []
    if not 0 < len(changes) <= MAXIMUM:
        raise validation([FieldError("/changes", "not-allowed", "must name what to take back")])
    return changes


async def _take_back(page: Page, change: Change) -> bool:
    """Whether it could be. Raises problems that do not come from what the ticket is now."""
    try:
        await _save(page, change)
    except SameField:
        return False
    except Problem as problem:
        if problem.status not in _TICKET_DIFFERS:
            raise
        return False
    return True


async def _save(page: Page, change: Change) -> None:
    try:
        await save(page, change.id, change.taken_back())
    except Problem as problem:
        finished = change.after.get("status")
        if problem.code not in _FINISHED or finished is None:
            raise
        opening = Change(change.id, change.version, {"status": Status.OPEN}, {"status": finished})
        opened = msgspec.json.decode((await save(page, change.id, opening.taken_back())).body, type=TicketRow)
        rest = Change(change.id, opened.version, change.before, {**change.after, "status": Status.OPEN})
        await save(page, change.id, rest.taken_back())


def _told(page: Page, done: int, failed: int) -> str:
    """How many are as before, and how many others have changed since."""
    ngettext = page.language.translations.ngettext
    texts = []
    if done:
        texts.append(ngettext("Undone for %(num)s ticket.", "Undone for %(num)s tickets.", done) % {"num": done})
    if failed:
        text = ngettext(
            "%(num)s ticket could not be put back: it has changed since.",
            "%(num)s tickets could not be put back: they have changed since.",
            failed,
        )
        texts.append(text % {"num": failed})
    return " ".join(texts)


UNDO_ROUTES: list[ControllerRouterHandler] = [undo]
