"""Names for the ids in events, learned from the workspace topic itself."""

from __future__ import annotations

from uuid import UUID

from opsdash_contracts.base import EventData
from opsdash_contracts.workspace import Company, Contact, Member, Org, Project

from opsdash_local.errors import LocalStackError

SHORT = 8


class Directory:
    """Knows what it has seen; anything else is shown by the start of its id."""

    def __init__(self) -> None:
        self._slugs: dict[UUID, str] = {}
        self._names: dict[UUID, str] = {}

    def learn(self, data: EventData) -> None:
        match data:
            case Org():
                self._slugs[data.org_id] = data.slug
                self._names[data.org_id] = data.name
            case Member():
                self._names[data.user_id] = data.name
            case Contact():
                self._names[data.contact_id] = data.name
            case Company():
                self._names[data.company_id] = data.name
            case Project():
                self._names[data.project_id] = data.name

    def org(self, org_id: UUID) -> str:
        return self._slugs.get(org_id, str(org_id)[:SHORT])

    def name(self, entity_id: UUID) -> str:
        return self._names.get(entity_id, str(entity_id)[:SHORT])

    def find_org(self, slug_or_id: str) -> UUID:
        """Raises LocalStackError when no org of that slug has been published."""
        try:
            return UUID(slug_or_id)
        except ValueError:
            pass
        for org_id, slug in self._slugs.items():
            if slug == slug_or_id:
                return org_id
        known = ", ".join(sorted(self._slugs.values())) or "none"
        raise LocalStackError(f"no org has the slug {slug_or_id!r}; the workspace topic knows: {known}")
