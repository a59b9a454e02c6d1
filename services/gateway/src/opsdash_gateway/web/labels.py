"""What the values of a ticket and of a workspace are called; looked up once per language, since rows name many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsdash_gateway.web.i18n import N_, Language

_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "status": {
        "open": N_("Open"),
        "in_progress": N_("In progress"),
        "waiting": N_("Waiting"),
        "resolved": N_("Resolved"),
        "closed": N_("Closed"),
    },
    "priority": {"urgent": N_("Urgent"), "high": N_("High"), "medium": N_("Medium"), "low": N_("Low")},
    "category": {
        "general": N_("General"),
        "billing": N_("Billing"),
        "technical": N_("Technical"),
        "account": N_("Account"),
        "feature_request": N_("Feature Request"),
    },
    "role": {"owner": N_("Owner"), "admin": N_("Admin"), "member": N_("Member"), "viewer": N_("Viewer")},
    "plate": {
        "free": N_("Free"),
        "sales": N_("Sales"),
        "growth": N_("Growth"),
        "full_loop": N_("Full Loop"),
        "agency": N_("Agency"),
    },
    "sla": {
        "overdue": N_("Overdue"),
        "soon": N_("Due in 4 hours"),
        "at_risk": N_("At risk"),
        "today": N_("Due today"),
        "none": N_("No due time"),
    },
}


def labels_in(language: Language) -> dict[str, dict[str, str]]:
    """By kind, then by value."""
    return {kind: {value: language.text(label) for value, label in of.items()} for kind, of in _LABELS.items()}
