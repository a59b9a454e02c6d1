"""What a process knows of the directories of orgs, kept for as long as their revision is the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sized
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from opsdash_tenancy.open_tenant import ReadsInTenant

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
    transaction of each change, so the first request after the commit starts anew. What a request adds must come from a
    later statement than the one that opened the org: then it is as new as the revision or newer. In the same statement
    the function that opens the org has a newer snapshot than the statement around it.
    """

    def __init__(self, make: Callable[[], Directory], *, most: int = MOST_ENTRIES) -> None:
        self._make = make
        self._most = most
        self._orgs: OrderedDict[UUID, _AtRevision[Directory]] = OrderedDict()

    def at(self, org_id: UUID, revision: int) -> Directory:
        """The directory to look up in and to add to."""
        known = self._orgs.get(org_id)
        if known is None or known.revision < revision:
            known = self._orgs[org_id] = _AtRevision(revision, self._make())
        self._orgs.move_to_end(org_id)
        return known.directory

    async def complete(self, reader: ReadsInTenant, look_up: Callable[[Directory], Awaitable[bool]]) -> Directory:
        """The directory of the org that is open, after `look_up` has added what it lacks; it tells whether it did."""
        directory = self.at(reader.tenant.org_id, reader.tenant.directory_revision)
        if await look_up(directory):
            self.trim()
        return directory

    def trim(self) -> None:
        """Forget the orgs that have not been asked for longest, when there are too many entries."""
        entries = sum(len(known.directory) + 1 for known in self._orgs.values())
        while entries > self._most:
            _, forgotten = self._orgs.popitem(last=False)
            entries -= len(forgotten.directory) + 1
