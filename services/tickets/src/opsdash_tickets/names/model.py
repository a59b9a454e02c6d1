"""What is known of the names of an org, by the ids of what is called so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from opsdash_tickets.names.entities import Contact, Person, Project

UNKNOWN_NAME: Final = "Unknown"


@dataclass(frozen=True, slots=True)
class NameIds:
    """Ids whose names are wanted. None among them stands for nothing."""

    people: set[UUID | None] = field(default_factory=set)
    contacts: set[UUID | None] = field(default_factory=set)
    projects: set[UUID | None] = field(default_factory=set)


class Names:
    """What is known of the names of one org. What the directory does not have is known as None."""

    def __init__(self) -> None:
        self.people: dict[UUID | None, Person | None] = {None: None}
        self.contacts: dict[UUID | None, Contact | None] = {None: None}
        self.projects: dict[UUID | None, Project | None] = {None: None}

    def __len__(self) -> int:
        return len(self.people) + len(self.contacts) + len(self.projects)

    def missing(self, wanted: NameIds) -> NameIds | None:
        """Those that have not been looked up; None when all have."""
        people, contacts = wanted.people - self.people.keys(), wanted.contacts - self.contacts.keys()
        projects = wanted.projects - self.projects.keys()
        return NameIds(people, contacts, projects) if people or contacts or projects else None

    def person(self, user_id: UUID) -> Person:
        """Also for somebody whom the directory does not know, or not by name."""
        return self.people[user_id] or Person(id=user_id, name=UNKNOWN_NAME, active=False)

    def contact(self, contact_id: UUID | None) -> Contact | None:
        """Also for one whom the directory does not know."""
        if contact_id is None:
            return None
        known = self.contacts[contact_id]
        return known or Contact(id=contact_id, name=UNKNOWN_NAME, email=None, active=False, company=None)

    def label(self, entity_id: UUID) -> str | None:
        """The name of whatever has the id."""
        found = self.people.get(entity_id) or self.contacts.get(entity_id) or self.projects.get(entity_id)
        return None if found is None else found.name
