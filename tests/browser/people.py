"""Who uses the console in the tests: one person for each role, a member of every org that is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4, uuid5

from opsdash_contracts.workspace import Plate, Role

NAMESPACE = UUID("b1f0c5c4-20a5-4c0e-9c4f-4a1a5f3a7d10")
Line = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """`role` is the role in every org of the tests."""

    name: str
    role: Role

    @property
    def user_id(self) -> UUID:
        return uuid5(NAMESPACE, self.name)


OWNER = Person("Olivia Owner", Role.OWNER)
ADMIN = Person("Adam Admin", Role.ADMIN)
MEMBER = Person("Mia Member", Role.MEMBER)
COLLEAGUE = Person("Max Colleague", Role.MEMBER)
VIEWER = Person("Vera Viewer", Role.VIEWER)
NEWCOMER = Person("Nina Newcomer", Role.MEMBER)
"""Whoever signs in as her has never seen the tour."""
PEOPLE = (OWNER, ADMIN, MEMBER, COLLEAGUE, VIEWER, NEWCOMER)


@dataclass(frozen=True)
class OrgUnderTest:
    """An org with all the people in it, two companies, three contacts and two projects."""

    slug: str
    plate: Plate = Plate.AGENCY
    id: UUID = field(default_factory=uuid4)

    @property
    def name(self) -> str:
        return f"{self.slug.title()} Studio"

    def known(self, kind: str, name: str) -> str:
        """The id of a contact, company or project of this org."""
        return str(uuid5(self.id, f"{kind}/{name}"))

    def put(self, kind: str, entity_id: str, *, version: int = 1, **body: object) -> Line:
        org = {} if kind == "org" else {"org_id": str(self.id)}
        return {"op": "put", "kind": kind, "id": entity_id, "body": {**org, **body, "version": version}}

    def on_plate(self, plate: Plate, version: int) -> Line:
        return self.put("org", str(self.id), version=version, slug=self.slug, name=self.name, plate=plate)

    def lines(self) -> list[Line]:
        """What the workspace feed gets."""
        return [
            self.on_plate(self.plate, 1),
            *(
                self.put("member", str(uuid5(self.id, person.name)), user_id=str(person.user_id), name=person.name,
                         email=None, role=person.role)
                for person in PEOPLE
            ),
            *(self.put("company", self.known("company", name), name=name) for name in COMPANIES),
            *(
                self.put("contact", self.known("contact", name), name=name, email=f"contact{number}@example.com",
                         company_id=self.known("company", COMPANIES[number % len(COMPANIES)]))
                for number, name in enumerate(CONTACTS)
            ),
            *(self.put("project", self.known("project", name), name=name) for name in PROJECTS),
        ]  # fmt: skip


COMPANIES = ("Halcyon Labs", "Casa Verde Hotels")
CONTACTS = ("Elena Petrova", "Marcus Oyelaran", "Sofia Castellanos")
PROJECTS = ("Website relaunch", "Client portal")


def people_file() -> list[dict[str, Any]]:
    """Whom the development issuer may sign in."""
    return [{"user_id": str(p.user_id), "name": p.name, "email": None, "memberships": []} for p in PEOPLE]
