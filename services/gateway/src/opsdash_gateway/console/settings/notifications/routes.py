"""The page "Notifications": which reasons bring this person a mail, and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from opsdash_chassis.text.moments import UTC_ZONE, time_zones
from opsdash_contracts.notices import MAIL_OFF_AT_FIRST
from opsdash_http.errors.problems import Problem
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM, PAGE
from opsdash_gateway.console.i18n.languages import NAMES
from opsdash_gateway.console.i18n.local_times import zones_by_continent
from opsdash_gateway.console.settings.frame import away, open_setting, refused, saved, show_setting
from opsdash_gateway.console.settings.notifications.form import (
    DEFAULT_DELAY,
    DELAYS,
    HOURS,
    Form,
    changes_of,
    form_of,
    problems_of,
    typed_form,
)
from opsdash_gateway.console.settings.notifications.schemas import NotificationPreferences
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.forms import conditions, read_form, read_people

NAME: Final = "notifications"
_PATH: Final = "/me/notifications"


@get("/settings/notifications", opt=PAGE)
async def notification_settings(page: NamedDependency[Page]) -> HttpResponse:
    """What this person has said about their mails, in all their workspaces."""
    open_setting(page, NAME)
    try:
        stored = await _stored(page, page.zone)
    except Problem as problem:
        return away(page, NAME, problem)
    return show_setting(page, NAME, **_shown(page, stored))


@post("/settings/notifications", opt=FORM, status_code=200)
async def change_notification_settings(page: NamedDependency[Page]) -> HttpResponse:
    """Change what differs; where it was changed elsewhere meanwhile, say so and keep what was typed."""
    open_setting(page, NAME)
    sent = await read_form(page.request)
    zone = sent.get("reader_zone", "")
    stored = await _stored(page, zone if zone in time_zones() else "")
    typed = typed_form(stored, sent, await read_people(page.request, "mail"))
    errors = _errors(page, typed)
    if errors:
        return show_setting(page, NAME, HTTPStatus.UNPROCESSABLE_ENTITY, errors=errors, **_shown(page, typed))
    changes = changes_of(stored, typed)
    try:
        if changes:
            await page.call("PATCH", _PATH, changes, conditions(page.request, sent), service="notifications")
    except Problem as problem:
        return refused(page, NAME, problem, **_shown(page, typed))
    return saved(page, NAME, **_shown(page, await _stored(page, typed.zone)))


async def _stored(page: Page, zone: str) -> Form:
    answer = await page.call("GET", _PATH, service="notifications")
    return form_of(msgspec.json.decode(answer.body, type=NotificationPreferences), zone, datetime.now(UTC))


def _errors(page: Page, typed: Form) -> dict[str, str]:
    """What no service needs to be asked about."""
    return {name: page.language.text(text) for name, text in problems_of(typed).items()}


def _shown(page: Page, form: Form) -> dict[str, Any]:
    """What the template needs beside the form."""
    return {
        "form": form,
        "delays": _with(DELAYS, form.delay),
        "default_delay": DEFAULT_DELAY,
        "hours": HOURS,
        "zones": zones_by_continent(),
        "near_zones": dict.fromkeys(zone for zone in (page.zone, form.quiet_zone, form.digest_zone, UTC_ZONE) if zone),
        "mail_languages": NAMES,
        "mails_off_at_first": MAIL_OFF_AT_FIRST,
    }


def _with(choices: Sequence[int], value: str) -> list[int]:
    """With a value that was set elsewhere."""
    return sorted({*choices, int(value)} if value.isdecimal() else choices)


NOTIFICATION_ROUTES: list[ControllerRouterHandler] = [notification_settings, change_notification_settings]
