"""What a ticket's values are called in English: the same in the API and on pages."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from opsdash_contracts.tickets import Category, Priority, Status

LABELS: Final[Mapping[StrEnum, str]] = {
    Status.OPEN: "Open",
    Status.IN_PROGRESS: "In progress",
    Status.WAITING: "Waiting",
    Status.RESOLVED: "Resolved",
    Status.CLOSED: "Closed",
    Priority.URGENT: "Urgent",
    Priority.HIGH: "High",
    Priority.MEDIUM: "Medium",
    Priority.LOW: "Low",
    Category.GENERAL: "General",
    Category.BILLING: "Billing",
    Category.TECHNICAL: "Technical",
    Category.ACCOUNT: "Account",
    Category.FEATURE_REQUEST: "Feature Request",
}


def labels_of(values: type[StrEnum]) -> dict[str, str]:
    """The label of every value of one enumeration."""
    return {value.value: LABELS[value] for value in values}
