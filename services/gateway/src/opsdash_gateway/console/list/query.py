"""What a list page's address asks for, as the upstream's filter; pure. What is not understood is named, no error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from opsdash_contracts.ticket_rules import ACTIVE, FINISHED
from opsdash_contracts.tickets import Category, Priority, Status

VIEWS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "active": {"status": ACTIVE},
    "mine": {"status": ACTIVE, "assignee": ("me",)},
    "unassigned": {"status": ACTIVE, "assignee": ("none",)},
    "breached": {"sla": ("overdue",)},
    "done": {"status": FINISHED},
    "all": {},
}
EVERYWHERE: Final = "all"
DEFAULT_VIEW: Final = "active"
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "status": tuple(Status),
    "priority": tuple(Priority),
    "category": tuple(Category),
    "sla": ("overdue", "soon", "at_risk", "today", "none"),
}
REFERENCES: Final = ("contact", "company", "project")
FILTERS: Final = ("status", "priority", "category", "assignee", "sla", *REFERENCES)
#: What else an address may hold: the list itself, a place in it, and what scripts ask about it.
_OTHERS: Final = frozenset({"view", "q", "sort", "cursor", "shown", "ids"})
SORTS: Final = ("-created_at", "created_at", "sla_due_at", "-sla_due_at", "priority", "-priority")
MAXIMUM_WORDS: Final = 200
MAXIMUM_VALUES: Final = 50
_MAXIMUM_TOLD: Final = 5
_MAXIMUM_NAME: Final = 60


@dataclass(frozen=True)
class ListQuery:
    """A view, what narrows it, words and an order; `zone` is the reader's, `ignored` what no list understands."""

    view: str = DEFAULT_VIEW
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: str = ""
    sort: str = SORTS[0]
    zone: str = field(default="", compare=False)
    ignored: tuple[str, ...] = field(default=(), compare=False)

    @property
    def narrowed(self) -> bool:
        """Something besides the view was asked for, so that there is something to clear."""
        return bool(self.words or any(self.chosen.values()))

    def values(self, name: str) -> tuple[str, ...]:
        return self.chosen.get(name, ())

    def address(self, **changes: str) -> str:
        """The query string of this list; defaults are left out. `changes` may set `view`, `sort` or `cursor`."""
        pairs = [(name, value) for name in FILTERS for value in self.values(name)]
        named = {"view": self.view, "q": self.words, "sort": self.sort} | changes
        defaults = {"view": DEFAULT_VIEW, "q": "", "sort": SORTS[0]}
        singles = [(name, value) for name, value in named.items() if value != defaults.get(name)]
        return urlencode([*singles, *pairs])

    def without(self, name: str) -> ListQuery:
        """The same list without one of its filters."""
        return replace(self, chosen={other: values for other, values in self.chosen.items() if other != name})

    @property
    def leaves_view(self) -> bool:
        """A status was asked for that the view does not have: it is looked for all the same."""
        preset = VIEWS[self.view].get("status", ())
        return bool(preset) and any(value not in preset for value in self.values("status"))

    def cleared(self) -> ListQuery:
        """The view alone, in the same order."""
        return replace(self, chosen={}, words="")

    def sorted_by(self, first: str) -> str:
        """The sort that a click on a column's head asks for: its first direction, then the other."""
        other = first.removeprefix("-") if first.startswith("-") else f"-{first}"
        return other if self.sort == first else first

    def upstream_filter(self, user_id: UUID) -> dict[str, str] | None:
        """Query parameters for the upstream; None when view and filters exclude each other, so nothing can match."""
        wanted: dict[str, str] = {}
        for name in FILTERS:
            preset = _as_ids(VIEWS[self.view].get(name, ()), user_id)
            extra = _as_ids(self.values(name), user_id)
            if name == "status" and extra:
                preset = []
            both = [value for value in extra if value in preset] if preset and extra else [*preset, *extra]
            if (preset or extra) and not both:
                return None
            if both:
                wanted[name] = ",".join(dict.fromkeys(both))
        if self.words:
            wanted["q"] = self.words
        if self.zone and "today" in self.values("sla"):
            wanted["time_zone"] = self.zone
        wanted["sort"] = self.sort
        return wanted


def read_list_query(pairs: Iterable[tuple[str, str]]) -> ListQuery:
    """From the address. A name may come several times, as checkboxes send it, or once with commas."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return ListQuery(
        view=_one_of(given.get("view"), VIEWS, DEFAULT_VIEW),
        chosen={name: found for name in FILTERS if (found := _known(name, given.get(name, [])))},
        words=(given.get("q") or [""])[-1].strip()[:MAXIMUM_WORDS],
        sort=_one_of(given.get("sort"), SORTS, SORTS[0]),
        ignored=tuple(sorted(_ignored(given)))[:_MAXIMUM_TOLD],
    )


def _ignored(given: Mapping[str, list[str]]) -> Iterable[str]:
    """Names that no list has, and values that their name does not have; nothing said about empty ones."""
    for name, values in given.items():
        if name not in _OTHERS and name not in FILTERS:
            yield name[:_MAXIMUM_NAME]
        elif name in FILTERS:
            parts = {part for value in values for part in value.split(",") if part}
            yield from (f"{name}={part}"[:_MAXIMUM_NAME] for part in sorted(parts - {*_known(name, parts)}))
        elif name in {"view", "sort"} and values[-1] and values[-1] not in {**VIEWS, **dict.fromkeys(SORTS)}:
            yield f"{name}={values[-1]}"[:_MAXIMUM_NAME]


def _known(name: str, given: Iterable[str]) -> tuple[str, ...]:
    """The values that exist, in the order of the menu, so that the same list always has the same address."""
    values = {part for value in given for part in value.split(",")}
    if name in CHOICES:
        return tuple(value for value in CHOICES[name] if value in values)
    words = {"me", "none"} if name == "assignee" else {"none"}
    return tuple(sorted(value for value in values if value in words or _is_id(value)))[:MAXIMUM_VALUES]


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


def _as_ids(values: Iterable[str], user_id: UUID) -> list[str]:
    return [str(user_id) if value == "me" else value for value in values]


def _one_of(given: Sequence[str] | None, known: Iterable[str], default: str) -> str:
    return given[-1] if given and given[-1] in set(known) else default
