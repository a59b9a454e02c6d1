"""The page "Channels", for owners and admins: the chats of the workspace, each with a page of its own."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from opsdash_http.errors.problems import Problem, not_found
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM, PAGE
from opsdash_gateway.console.i18n.languages import N_
from opsdash_gateway.console.settings.channels.form import KINDS, Form, body_of, empty_form, form_of, typed_form
from opsdash_gateway.console.settings.channels.schemas import Channel, Channels
from opsdash_gateway.console.settings.frame import OVERTAKEN, STALE, away, open_setting
from opsdash_gateway.console.shell.error_messages import error_message, field_messages
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.forms import conditions, read_form

NAME: Final = "channels"
_PATH: Final = "/settings/team-channels"
_DONE: Final = {
    "added": N_("The channel was added."),
    "saved": N_("Saved"),
    "deleted": N_("The channel was deleted."),
    "enabled": N_("The channel is on again."),
    "disabled": N_("The channel is off."),
    "sent": N_("The chat has taken the test message."),
}
_SAID: Final = N_("The chat has not taken the message: %(words)s")
_FULL: Final = N_("This workspace has as many channels as its plate allows (%(limit)s).")
_ADDED_BEFORE: Final = N_("This channel was added already, with what you had typed before. Look in the list.")
_NOT_SET_UP: Final = "channels-not-set-up"


@get("/settings/channels", opt=PAGE)
async def channel_settings(page: NamedDependency[Page]) -> HttpResponse:
    """All of them."""
    open_setting(page, NAME)
    done = _DONE.get(page.request.query_params.get("done", ""), "")
    return await _list(page, done=page.language.text(done) if done else "")


@get("/settings/channels/new", opt=PAGE)
async def new_channel(page: NamedDependency[Page]) -> HttpResponse:
    """The form of one more."""
    open_setting(page, NAME)
    return _form(page, empty_form())


@post("/settings/channels/new", opt=FORM, status_code=303)
async def add_channel(page: NamedDependency[Page]) -> HttpResponse:
    """Add it, once however often the form is sent, and show it in the list."""
    open_setting(page, NAME)
    typed = typed_form(await _typed(page))
    try:
        await _send(page, "POST", "", body_of(typed), {"idempotency-key": typed.key} if typed.key else None)
    except Problem as problem:
        return _refused(page, problem, typed)
    return _done(page, "added")


@get("/settings/channels/{channel_id:str}", opt=PAGE)
async def edit_channel(channel_id: FromPath[str], page: NamedDependency[Page]) -> HttpResponse:
    """The form of one."""
    open_setting(page, NAME)
    try:
        channel = await _one(page, channel_id)
    except Problem as problem:
        return _absent(page, problem)
    return _form(page, form_of(channel), channel=channel)


@post("/settings/channels/{channel_id:str}", opt=FORM, status_code=303)
async def change_channel(channel_id: FromPath[str], page: NamedDependency[Page]) -> HttpResponse:
    """Change it; where somebody else was faster, say so and keep what was typed."""
    open_setting(page, NAME)
    sent, channel = await _typed(page), await _one(page, channel_id)
    typed = typed_form(sent, shown=channel.address, version=channel.version)
    try:
        await _send(page, "PATCH", f"/{channel.id}", body_of(typed), conditions(page.request, dict(sent)))
    except Problem as problem:
        return _refused(page, problem, typed, channel=channel)
    return _done(page, "saved")


@post("/settings/channels/{channel_id:str}/test", opt=FORM, status_code=303)
async def send_test(channel_id: FromPath[str], page: NamedDependency[Page]) -> HttpResponse:
    """Send a message now; what the chat says stands above the list."""
    open_setting(page, NAME)
    channel = await _one(page, channel_id)
    try:
        await _send(page, "POST", f"/{channel.id}/test")
    except Problem as problem:
        if problem.code != "message-not-taken":
            raise
        told = page.language.text(_SAID, words=problem.detail)
        return await _list(page, HTTPStatus.UNPROCESSABLE_ENTITY, told=told)
    return _done(page, "sent")


@post("/settings/channels/{channel_id:str}/switch", opt=FORM, status_code=303)
async def switch_channel(channel_id: FromPath[str], page: NamedDependency[Page]) -> HttpResponse:
    """Enable it again, or disable it."""
    open_setting(page, NAME)
    sent, channel = await read_form(page.request), await _one(page, channel_id)
    enabled = sent.get("enabled") == "yes"
    try:
        await _send(page, "PATCH", f"/{channel.id}", {"enabled": enabled}, conditions(page.request, sent))
    except Problem as problem:
        return await _overtaken(page, problem)
    return _done(page, "enabled" if enabled else "disabled")


@get("/settings/channels/{channel_id:str}/delete", opt=PAGE)
async def confirm_deletion(channel_id: FromPath[str], page: NamedDependency[Page]) -> HttpResponse:
    """Ask before it is done."""
    open_setting(page, NAME)
    return _shown(page, "delete", channel=await _one(page, channel_id))


@post("/settings/channels/{channel_id:str}/delete", opt=FORM, status_code=303)
async def delete_channel(channel_id: FromPath[str], page: NamedDependency[Page]) -> HttpResponse:
    """Forget its address for good."""
    open_setting(page, NAME)
    sent, channel = await read_form(page.request), await _one(page, channel_id)
    try:
        await _send(page, "DELETE", f"/{channel.id}", None, conditions(page.request, sent))
    except Problem as problem:
        return await _overtaken(page, problem)
    return _done(page, "deleted")


async def _typed(page: Page) -> list[tuple[str, str]]:
    return [(name, value) for name, value in (await page.request.form()).multi_items() if isinstance(value, str)]


async def _send(
    page: Page, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> None:
    await page.send(method, f"{_PATH}{path}", body, headers, service="notifications")


async def _one(page: Page, channel_id: str) -> Channel:
    """Raises the service's problem; 404 for what cannot be an id, before it is part of an address."""
    if not channel_id.replace("-", "").isalnum():
        raise not_found()
    return await page.read(f"{_PATH}/{channel_id}", Channel, service="notifications")


async def _list(page: Page, status: int = HTTPStatus.OK, **context: Any) -> HttpResponse:
    try:
        found = await page.read(_PATH, Channels, query=b"limit=100", service="notifications")
    except Problem as problem:
        return _absent(page, problem)
    return _shown(page, "list", status, channels=found.items, **context)


def _absent(page: Page, problem: Problem) -> HttpResponse:
    """No channels can be shown: the operator has not named a secret, or the service does not answer."""
    return _shown(page, "not_set_up") if problem.code == _NOT_SET_UP else away(page, NAME, problem)


async def _overtaken(page: Page, problem: Problem) -> HttpResponse:
    """Somebody else has changed it in the meantime: the list says so, and is as it is now."""
    if problem.code != STALE:
        raise problem
    return await _list(page, HTTPStatus.UNPROCESSABLE_ENTITY, told=error_message(problem, page.language))


def _refused(page: Page, problem: Problem, typed: Form, channel: Channel | None = None) -> HttpResponse:
    """What was typed stays, with the messages beside the fields. Raises what no form can mend."""
    told, errors = "", field_messages(problem, page.language)
    if problem.code == STALE:
        told = page.language.text(OVERTAKEN)
    elif problem.code == "plan-limit-reached":
        told = page.language.text(_FULL, limit=problem.extensions.get("limit", 0))
    elif problem.code == "idempotency-key-reused":
        told = page.language.text(_ADDED_BEFORE)
    elif not errors:
        raise problem
    return _form(page, typed, HTTPStatus.UNPROCESSABLE_ENTITY, channel=channel, told=told, errors=errors)


def _form(
    page: Page, form: Form, status: int = HTTPStatus.OK, *, channel: Channel | None = None, **context: Any
) -> HttpResponse:
    return _shown(page, "edit", status, form=form, channel=channel, **context)


def _shown(page: Page, part: str, status: int = HTTPStatus.OK, **context: Any) -> HttpResponse:
    shown = {"errors": {}, "told": "", "done": "", "kinds": KINDS} | context
    template = f"settings/channels_{part}.html"
    return page.render("settings/frame.html", status, nav="settings", setting=NAME, form_template=template, **shown)


def _done(page: Page, what: str) -> HttpResponse:
    return Redirect(f"{page.base}/settings/channels?done={what}", status_code=303)


CHANNEL_ROUTES: list[ControllerRouterHandler] = [
    channel_settings,
    new_channel,
    add_channel,
    edit_channel,
    change_channel,
    send_test,
    switch_channel,
    confirm_deletion,
    delete_channel,
]
