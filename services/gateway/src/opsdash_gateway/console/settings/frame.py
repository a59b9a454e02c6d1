"""The frame that pages of settings share: who is let in, the side list, and how a change is answered."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from litestar.response import Redirect
from opsdash_http.errors.problems import Problem, forbidden, not_found
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.i18n.languages import N_
from opsdash_gateway.console.shell.error_messages import field_messages
from opsdash_gateway.console.shell.htmx import is_fragment, toast
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.setting_pages import SETTING_PAGES

STALE: Final = "stale-version"
#: In the address after a form without scripts was saved.
SAVED: Final = "saved"
OVERTAKEN: Final = N_(
    "These settings were changed elsewhere in the meantime. What you chose is still here: save again to keep it, or"
    " reload the page to see what they are now."
)


def open_setting(page: Page, name: str) -> None:
    """Raises 404 where this installation has no such page, 403 where it is not for this person's role."""
    found = next((setting for setting in SETTING_PAGES if setting.name == name), None)
    if found is None or not found.exists(page.upstreams):
        raise not_found()
    if page.role not in found.roles:
        raise forbidden("role-too-low", "")


def show_setting(
    page: Page, name: str, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None, **context: Any
) -> HttpResponse:
    """The page of this name in its frame; for scripts what is inside alone. Its form is `settings/<name>_form.html`."""
    form = f"settings/{name.replace('-', '_')}_form.html"
    shown = {"errors": {}, "told": "", "saved": SAVED in page.request.query_params} | context
    if is_fragment(page.request):
        return page.render(form, status, headers, setting=name, **shown)
    return page.render(
        "settings/frame.html", status, headers, nav="settings", setting=name, form_template=form, **shown
    )


def away(page: Page, name: str, problem: Problem) -> HttpResponse:
    """The service of these settings does not answer: the frame stands and says so. Raises other problems."""
    if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR or is_fragment(page.request):
        raise problem
    return page.render("settings/frame.html", problem.status, nav="settings", setting=name, form_template="")


def saved(page: Page, name: str, **context: Any) -> HttpResponse:
    """The form as it is now with a toast; for a browser without scripts the page again, which says so too."""
    if not is_fragment(page.request):
        return Redirect(f"{page.base}/settings/{name}?{SAVED}", status_code=303)
    return show_setting(page, name, headers=toast("success", page.language.text("Saved")), **context)


def refused(page: Page, name: str, problem: Problem, **context: Any) -> HttpResponse:
    """What was typed stays, with the messages beside the fields. Raises what no form can mend."""
    if problem.code == STALE:
        told = page.language.text(OVERTAKEN)
        return show_setting(page, name, HTTPStatus.UNPROCESSABLE_ENTITY, told=told, **context)
    if not problem.errors:
        raise problem
    errors = field_messages(problem, page.language)
    return show_setting(page, name, HTTPStatus.UNPROCESSABLE_ENTITY, errors=errors, **context)
