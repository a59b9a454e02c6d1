"""What the values of a ticket and of a workspace are called; looked up once per language, since rows name many."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from opsdash_contracts.ticket_words import LABELS, labels_of
from opsdash_contracts.tickets import Category, Priority, Status

from opsdash_gateway.console.i18n.languages import N_, Language

#: Texts of the contract that pages show, for the catalogues.
CONTRACT_TEXTS: Final = tuple(LABELS.values())

_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "status": labels_of(Status),
    "priority": labels_of(Priority),
    "category": labels_of(Category),
    "view": {
        "active": N_("All active"),
        "mine": N_("Assigned to me"),
        "unassigned": N_("Unassigned"),
        "breached": N_("SLA breached"),
        "done": N_("Resolved & closed"),
        "all": N_("All tickets"),
    },
    "field": {
        "title": N_("Title"),
        "description": N_("Description"),
        "status": N_("Status"),
        "priority": N_("Priority"),
        "category": N_("Category"),
        "assignee": N_("Assignee"),
        "contact": N_("Contact"),
        "project": N_("Project"),
        "sla_due_at": N_("SLA due"),
    },
    "role": {"owner": N_("Owner"), "admin": N_("Admin"), "member": N_("Member"), "viewer": N_("Viewer")},
    "plate": {
        "free": N_("Free"),
        "sales": N_("Sales"),
        "growth": N_("Growth"),
        "full_loop": N_("Full Loop"),
        "agency": N_("Agency"),
    },
    "inbox": {"unread": N_("Unread"), "read": N_("Read"), "archived": N_("Archived"), "all": N_("All")},
    "reason": {
        "assigned": N_("Assigned to you"),
        "mentioned": N_("Mentioned you"),
        "commented": N_("Commented"),
        "status_changed": N_("Status changed"),
        "reopened": N_("Reopened"),
        "sla_warning": N_("SLA at risk"),
        "sla_breached": N_("SLA breached"),
        "sla_escalated": N_("Still overdue"),
        "reminder": N_("Reminder"),
        "usage": N_("Plate nearly used up"),
        "webhook_disabled": N_("Webhook switched off"),
        "channel_disabled": N_("Team channel switched off"),
    },
    "reason_long": {
        "assigned": N_("Tickets that are assigned to me"),
        "mentioned": N_("Comments that mention me"),
        "commented": N_("Comments on tickets I watch"),
        "status_changed": N_("Changes of status of tickets I watch"),
        "reopened": N_("Tickets that are reopened"),
        "sla_warning": N_("Tickets that are due soon"),
        "sla_breached": N_("Tickets that are overdue"),
        "sla_escalated": N_("Tickets that stay overdue"),
        "reminder": N_("My reminders"),
        "usage": N_("The limit of the plate, for owners and admins"),
        "webhook_disabled": N_("Webhooks that were switched off, for owners and admins"),
        "channel_disabled": N_("Team channels that were switched off, for owners and admins"),
    },
    "channel_reason": {
        "assigned": N_("Assigned tickets"),
        "mentioned": N_("Comments that mention somebody"),
        "commented": N_("Comments"),
        "status_changed": N_("Changes of status"),
        "reopened": N_("Reopened tickets"),
        "sla_warning": N_("Tickets that are due soon"),
        "sla_breached": N_("Tickets that are overdue"),
        "sla_escalated": N_("Tickets that stay overdue"),
        "usage": N_("The limit of the plate"),
    },
    "remind": {
        "hour": N_("In 1 hour"),
        "tomorrow": N_("Tomorrow, 9:00"),
        "monday": N_("Next Monday, 9:00"),
        "own": N_("At another time"),
    },
    "channel": {"inbox": N_("inbox"), "mail": N_("e-mail"), "team": N_("team channel")},
    "why": {
        "seen": N_("had read it"),
        "muted": N_("muted"),
        "turned_off": N_("turned off"),
        "not_a_member": N_("no member any more"),
        "no_address": N_("no address"),
        "too_old": N_("too old"),
        "folded": N_("in a digest"),
        "refused": N_("refused"),
        "unreachable": N_("not reachable"),
    },
    "sla": {
        "overdue": N_("Overdue"),
        "soon": N_("Due in 24 hours"),
        "at_risk": N_("At risk"),
        "today": N_("Due today"),
        "none": N_("No due time"),
    },
    "place": {
        "title": N_("title"),
        "contact": N_("contact"),
        "company": N_("company"),
        "description": N_("description"),
        "comments": N_("comments"),
    },
}


@cache
def labels_in(language: Language) -> dict[str, dict[str, str]]:
    """By kind, then by value."""
    return {kind: {value: language.text(label) for value, label in of.items()} for kind, of in _LABELS.items()}
