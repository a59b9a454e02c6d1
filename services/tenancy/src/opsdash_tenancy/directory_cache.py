"""What a process knows of the directories of orgs, kept for as long as their revision is the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

Directory = TypeVar("Directory", bound=Sized)

#: Entries of all orgs together, of about half a kilobyte each.
MOST_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class _AtRevision(Generic[Directory]):
    revision: int
    directory: Directory


class DirectoryCache(Generic[Directory]):
    """A part of each org's directory, which grows by what requests look up.

    It holds from a revision on until a request opens the org at a newer one: `directory_revision` is raised in the
    transaction of each change, so the first request after the commit starts anew. What a request adds was read after
    its org was opened: it is as new as its revision or newer.
    """

    def __init__(self, make: Callable[[], Directory], *, most: int = MOST_ENTRIES) -> None:
        self._make = make
        self._most = most
        self._orgs: OrderedDict[UUID, _AtRevision[Directory]] = OrderedDict()

    def at(self, org_id: UUID, revision: int) -> Directory:
        """The directory to look up in and to add to."""
        known = self._orgs.get(org_id)
        if known is None or known.revision < revision:
            self._trim()
            known = self._orgs[org_id] = _AtRevision(revision, self._make())
        self._orgs.move_to_end(org_id)
        return known.directory

    def _trim(self) -> None:
        """Forget the orgs that have not been asked for longest."""
        entries = sum(len(known.directory) for known in self._orgs.values())
        while self._orgs and (entries >= self._most or len(self._orgs) >= self._most):
            _, forgotten = self._orgs.popitem(last=False)
            entries -= len(forgotten.directory)
