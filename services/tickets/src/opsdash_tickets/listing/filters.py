"""What a list may be asked for: filters, sort and words, read from query parameters; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from opsdash_chassis.text.moments import UTC_ZONE, time_zones
from opsdash_contracts.tickets import Category, Priority, Status

from opsdash_tickets.errors import FieldProblem, InvalidFields
from opsdash_tickets.tickets import validation

MAXIMUM_QUERY_LENGTH: Final = 200
MAXIMUM_CHOICES: Final = 50
MAXIMUM_IDS: Final = 100
MAXIMUM_COMMENTED: Final = 200
ME: Final = "me"
NONE: Final = "none"
_NUMBER: Final = re.compile(r"[1-9][0-9]*")
Value = TypeVar("Value")


class SlaFilter(StrEnum):
    OVERDUE = "overdue"
    AT_RISK = "at_risk"
    SOON = "soon"
    TODAY = "today"
    NONE = "none"


class SortField(StrEnum):
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    SLA_DUE_AT = "sla_due_at"
    PRIORITY = "priority"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Sort:
    """One field; the id breaks ties in the same direction."""

    field: SortField = SortField.CREATED_AT
    descending: bool = True


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """All given conditions hold at once; several values of one condition are alternatives. None is `none`.

    `zone` says where the day of `today` begins.
    """

    id: tuple[UUID, ...] = ()
    status: tuple[Status, ...] = ()
    priority: tuple[Priority, ...] = ()
    category: tuple[Category, ...] = ()
    assignee: tuple[UUID | None, ...] = ()
    contact: tuple[UUID | None, ...] = ()
    company: tuple[UUID | None, ...] = ()
    project: tuple[UUID | None, ...] = ()
    sla: tuple[SlaFilter, ...] = ()
    zone: str = UTC_ZONE
    created_from: datetime | None = None
    created_to: datetime | None = None
    number: int | None = None
    words: str | None = None

    @property
    def is_search(self) -> bool:
        """Words, or digits that are a word and the number of a ticket; `#42` alone is a condition like others."""
        return self.words is not None


@dataclass(frozen=True, slots=True)
class Commented:
    """A ticket whose comments have those of the words that have a bit here."""

    ticket_id: UUID
    words: int


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The query parameters as they were sent."""

    status: str | None = None
    priority: str | None = None
    category: str | None = None
    assignee: str | None = None
    contact: str | None = None
    company: str | None = None
    project: str | None = None
    sla: str | None = None
    time_zone: str | None = None
    created_from: str | None = None
    created_to: str | None = None
    q: str | None = None
    sort: str | None = None
    id: str | None = None


def read_filter(query: ListQuery, *, user_id: UUID) -> TicketFilter:
    """Raises InvalidFields naming the parameter."""
    number, words = _words(query.q)
    sla = _choices("sla", query.sla, SlaFilter)
    return TicketFilter(
        id=_choices("id", query.id, UUID, most=MAXIMUM_IDS),
        status=_choices("status", query.status, Status),
        priority=_choices("priority", query.priority, Priority),
        category=_choices("category", query.category, Category),
        assignee=_choices("assignee", query.assignee, lambda text: user_id if text == ME else _id_or_none(text)),
        contact=_choices("contact", query.contact, _id_or_none),
        company=_choices("company", query.company, _id_or_none),
        project=_choices("project", query.project, _id_or_none),
        sla=sla,
        zone=_zone(query.time_zone) if SlaFilter.TODAY in sla else UTC_ZONE,
        created_from=_moment("created_from", query.created_from),
        created_to=_moment("created_to", query.created_to),
        number=number,
        words=words,
    )


def read_commented(text: str) -> tuple[Commented, ...]:
    """Tickets with commas, as the gateway sends what the comments service has found. Raises InvalidFields."""
    return _choices("q", text or None, _commented, most=MAXIMUM_COMMENTED)


def _commented(text: str) -> Commented:
    ticket_id, _, words = text.partition(":")
    return Commented(UUID(ticket_id), int(words))


def read_sort(text: str | None) -> Sort:
    """`field` ascending, `-field` descending; nothing means newest first. Raises InvalidFields."""
    if text is None:
        return Sort()
    try:
        return Sort(SortField(text.removeprefix("-")), descending=text.startswith("-"))
    except ValueError:
        raise _refused("sort", "not-allowed", f"must be one of {', '.join(SortField)}, with - for descending") from None


def _choices(
    name: str, text: str | None, read: Callable[[str], Value], *, most: int = MAXIMUM_CHOICES
) -> tuple[Value, ...]:
    """Comma-separated values in one canonical order, so that the same filter always looks the same."""
    if text is None:
        return ()
    parts = sorted(set(text.split(",")))
    if len(parts) > most:
        raise _refused(name, "too-many", f"may have {most} values at most")
    try:
        return tuple(_unique(read(part) for part in parts))
    except ValueError:
        raise _refused(name, "not-allowed", "has a value that does not exist") from None


def _unique(items: Iterable[Value]) -> Iterable[Value]:
    return dict.fromkeys(items)


def _id_or_none(text: str) -> UUID | None:
    return None if text == NONE else UUID(text)


def _moment(name: str, text: str | None) -> datetime | None:
    try:
        return validation.due_time(text)
    except InvalidFields:
        raise _refused(name, "datetime", "must be an RFC 3339 date and time with a zone") from None


def _zone(name: str | None) -> str:
    """Of the IANA database, as browsers name theirs."""
    if name is None:
        return UTC_ZONE
    if name not in time_zones():
        raise _refused("time_zone", "not-allowed", "must be a zone of the IANA database, such as Europe/Madrid")
    return name


def _words(text: str | None) -> tuple[int | None, str | None]:
    """`#42` is a ticket only, `42` a ticket and a word; with zeros in front it is a word."""
    if text is None or not text.strip():
        return None, None
    if len(text) > MAXIMUM_QUERY_LENGTH:
        raise _refused("q", "too-long", f"may have {MAXIMUM_QUERY_LENGTH} characters at most")
    wanted = text.strip()
    digits = wanted.removeprefix("#")
    if not _NUMBER.fullmatch(digits):
        return None, wanted
    number = min(int(digits), 2**63 - 1)
    return number, None if wanted.startswith("#") else digits


def _refused(name: str, code: str, message: str) -> InvalidFields:
    return InvalidFields([FieldProblem(f"/query/{name}", code, message)])
