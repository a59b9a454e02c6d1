"""The page "Notifications of the workspace", for owners and admins."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from opsdash_http.errors.problems import Problem
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM, PAGE
from opsdash_gateway.console.i18n.languages import NAMES
from opsdash_gateway.console.settings.frame import away, open_setting, refused, saved, show_setting
from opsdash_gateway.console.settings.workspace_notifications.form import (
    DEFAULT_HOURS,
    MOST_HOURS,
    Form,
    changes_of,
    form_of,
    typed_form,
)
from opsdash_gateway.console.settings.workspace_notifications.schemas import NoticeSettings
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.forms import conditions, read_form

NAME: Final = "workspace-notifications"
_PATH: Final = "/settings/notifications"


@get("/settings/workspace-notifications", opt=PAGE)
async def workspace_notification_settings(page: NamedDependency[Page]) -> HttpResponse:
    """What holds for the notices of everybody here."""
    open_setting(page, NAME)
    try:
        stored = await _stored(page)
    except Problem as problem:
        return away(page, NAME, problem)
    return show_setting(page, NAME, **_shown(stored))


@post("/settings/workspace-notifications", opt=FORM, status_code=200)
async def change_workspace_notification_settings(page: NamedDependency[Page]) -> HttpResponse:
    """Change what differs; where somebody else was faster, say so and keep what was typed."""
    open_setting(page, NAME)
    sent = await read_form(page.request)
    stored = await _stored(page)
    typed = typed_form(stored, sent)
    if not typed.hours.isdecimal():
        errors = {"escalate_after_hours": page.language.text("This is not a whole number.")}
        return show_setting(page, NAME, HTTPStatus.UNPROCESSABLE_ENTITY, errors=errors, **_shown(typed))
    changes = changes_of(stored, typed)
    try:
        if changes:
            await page.send("PATCH", _PATH, changes, conditions(page.request, sent), service="notifications")
    except Problem as problem:
        return refused(page, NAME, problem, **_shown(typed))
    return saved(page, NAME, **_shown(await _stored(page)))


async def _stored(page: Page) -> Form:
    return form_of(await page.read(_PATH, NoticeSettings, service="notifications"))


def _shown(form: Form) -> dict[str, Any]:
    """What the template needs beside the form."""
    return {"form": form, "default_hours": DEFAULT_HOURS, "most_hours": MOST_HOURS, "mail_languages": NAMES}


WORKSPACE_NOTIFICATION_ROUTES: list[ControllerRouterHandler] = [
    workspace_notification_settings,
    change_workspace_notification_settings,
]
