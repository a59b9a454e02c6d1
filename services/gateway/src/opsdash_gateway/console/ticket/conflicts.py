"""Changes in words: what was saved, and both values where two people changed the same field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from opsdash_http.types import HttpResponse

from opsdash_gateway.console.i18n.labels import labels_in
from opsdash_gateway.console.shell.htmx import toast
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import Member
from opsdash_gateway.console.ticket.forms import PROPERTIES, Form
from opsdash_gateway.console.ticket.merging import SEEN, SameField, value_of
from opsdash_gateway.console.ticket.responses import changed
from opsdash_gateway.console.ticket.schemas import Ticket
from opsdash_gateway.console.ticket.service import read_members

_CODES: Final = frozenset({"status", "priority", "category"})
#: Beside the id of what was picked its name, which only the page that offered it has at hand.
PICKED: Final = "picked"
_MAXIMUM_TOLD: Final = 80


@dataclass(frozen=True)
class Words:
    """What values of a ticket are called in a sentence.

    A moment stands there as a placeholder, and by it in `moments`: scripts put it into the reader's zone.
    """

    page: Page
    members: list[Member] | None
    moments: dict[str, str] = field(default_factory=dict)

    def now(self, ticket: Ticket, name: str) -> str:
        """A property as it is; see `of`."""
        return self.of(name, value_of(ticket, name), getattr(getattr(ticket, name), "name", ""))

    def of(self, name: str, value: str, label: str = "") -> str:
        """A value as forms write it; `label` is the name of what an id stands for. Empty where that is not known."""
        if name in _CODES:
            return labels_of(self.page)[name].get(value, value)
        if not value:
            text = self.page.language.text
            return text("Unassigned") if name == "assignee" else text("None")
        if name == "sla_due_at":
            key = f"moment{len(self.moments)}"
            self.moments[key] = value
            return f"{{{key}}}"
        if name == "assignee":
            return label or {str(member.id): member.name for member in self.members or []}.get(value, "")
        return (label or value)[:_MAXIMUM_TOLD]


async def both_values(page: Page, conflict: SameField, form: Form) -> HttpResponse:
    """The page shows theirs; the toast names both and offers to set one's own after all.

    Theirs of a long text stands beside one's own.
    """
    ticket, name = conflict.ticket, conflict.name
    members = await read_members(page)
    said = {
        "name": ticket.updated_by.name if ticket.updated_by else page.language.text("Somebody"),
        "field": labels_of(page)["field"][name],
    }
    words = Words(page, members)
    theirs, yours = words.now(ticket, name), words.of(name, form[name], form.get(PICKED, ""))
    text = page.language.text("%(name)s changed this in the meantime: %(field)s.", **said)
    if theirs and yours and name != "description":
        text = page.language.text(
            "%(name)s changed %(field)s to “%(theirs)s” in the meantime; you chose “%(yours)s”.",
            **said, theirs=theirs, yours=yours,
        )  # fmt: skip
    headers = toast("error", text, detail={"again": page.language.text("Set mine"), "moments": words.moments})
    return changed(page, ticket, members, headers, conflict.problem.status, overtaken=name)


def saved(page: Page, ticket: Ticket, members: list[Member] | None, form: Form) -> dict[str, Any]:
    """A change of one's own, for the event that tells the page of it: what is said, and what takes it back."""
    words, names = Words(page, members), [name for name in PROPERTIES if name in form]
    values = [f"{labels_of(page)['field'][name]}: {words.now(ticket, name)}" for name in names]
    return {
        "said": page.language.text("Saved. %(values)s", values=", ".join(values)),
        "moments": words.moments,
        "version": ticket.version,
        "before": {name: form[f"{SEEN}{name}"] for name in names if f"{SEEN}{name}" in form},
        "after": {name: value_of(ticket, name) for name in names},
    }


def labels_of(page: Page) -> dict[str, dict[str, str]]:
    return labels_in(page.language)
