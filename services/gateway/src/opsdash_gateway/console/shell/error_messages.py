"""Messages for people, by the upstreams' error codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from opsdash_http.errors.problems import FieldError, Problem

from opsdash_gateway.console.i18n.languages import N_, Language

_MESSAGES: Final = {
    "role-too-low": N_("You cannot do that. Ask an admin of this workspace."),
    "csrf-failed": N_("This page is too old to send that. Reload it, then try again."),
    "feature-not-available": N_("Support is not part of this workspace's plate."),
    "plan-limit-reached": N_("This workspace has as many tickets as its plate allows."),
    "not-found": N_("There is nothing here that you may see."),
    "invalid-transition": N_("The ticket cannot move to that status from where it is now."),
    "ticket-finished": N_("This ticket is resolved or closed, so its due time stays. Reopen it to change that."),
    "too-many-reminders": N_("You have as many reminders as may be. Remove one first."),
    "comment-deleted": N_("This comment was deleted in the meantime."),
    "parent-deleted": N_("The comment you are replying to was deleted in the meantime."),
    "idempotency-key-reused": N_("This ticket was created already, with what you had typed before. Look in the list."),
    "still-running": N_("That is already being done."),
    "stale-version": N_("Somebody else changed this in the meantime. Here is what it is now."),
    "invalid-cursor": N_("The list has changed, so it starts from the top again."),
    "body-too-large": N_("That is too long to be sent."),
    "validation": N_("Some values are not valid."),
    "too-many-requests": N_("That was a lot at once. Wait a moment, then try again."),
    "storage": N_("Nothing can be saved at the moment. Reading still works."),
    "unavailable": N_("We cannot reach a part of the service. Nothing is lost; try again in a moment."),
    "bad-upstream": N_("A part of the service gave no usable answer. Try again in a moment."),
}
_UNKNOWN: Final = N_("That did not work.")
_FAULT: Final = N_("Something failed on our side. Try again in a moment.")
_WAIT: Final = N_("That was a lot at once. Try again in %(seconds)s s.")
_HEADINGS: Final = {
    HTTPStatus.FORBIDDEN: N_("You cannot do that"),
    HTTPStatus.NOT_FOUND: N_("Page not found"),
    HTTPStatus.TOO_MANY_REQUESTS: N_("Slow down a little"),
}
_FIELDS: Final = {
    "required": N_("This is needed."),
    "blank": N_("This cannot be empty."),
    "too-long": N_("This is too long."),
    "in-the-past": N_("Choose a moment in the future."),
    "too-far": N_("Choose a moment within the next ten years."),
    "datetime": N_("This is not a date and time."),
    "unknown-reference": N_("This is not in the workspace any more. Choose another."),
    "uuid": N_("This is not in the workspace. Choose one of the list."),
    "out-of-range": N_("This is too small or too large."),
    "not-allowed": N_("Choose one of the list."),
    "too-short": N_("This is needed."),
    "address-refused": N_("Messages cannot be sent to this address. Compare it with the examples."),
}
_FIELD_UNKNOWN: Final = N_("This is not valid.")


def error_message(problem: Problem, language: Language) -> str:
    """One finished sentence for a toast or a page."""
    if problem.code == "too-many-requests" and "Retry-After" in problem.headers:
        return language.text(_WAIT, seconds=problem.headers["Retry-After"])
    fallback = _FAULT if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else _UNKNOWN
    return language.text(_MESSAGES.get(problem.code, fallback))


def heading(status: HTTPStatus, language: Language) -> str:
    """What a page about this status is called."""
    fallback = N_("Something went wrong") if status >= HTTPStatus.INTERNAL_SERVER_ERROR else N_("That did not work")
    return language.text(_HEADINGS.get(status, fallback))


def field_messages(problem: Problem, language: Language) -> dict[str, str]:
    """Messages by field name, for a form."""
    return {_name(error): language.text(_FIELDS.get(error.code, _FIELD_UNKNOWN)) for error in problem.errors}


def _name(error: FieldError) -> str:
    return error.pointer.rpartition("/")[2]
