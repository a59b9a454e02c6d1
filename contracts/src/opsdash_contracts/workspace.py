"""The workspace directory as OpsDash feeds it: orgs, members, contacts, companies, projects, removals."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import StringConstraints

from opsdash_contracts.base import Email, JsonSchema, Name, OrgEventData


class Kind(StrEnum):
    ORG = "org"
    MEMBER = "member"
    CONTACT = "contact"
    COMPANY = "company"
    PROJECT = "project"


class Plate(StrEnum):
    FREE = "free"
    SALES = "sales"
    GROWTH = "growth"
    FULL_LOOP = "full_loop"
    AGENCY = "agency"


#: How many living tickets a plate holds; none means that it does not have Support.
PLATE_CAPS: Final[Mapping[Plate, int]] = {
    Plate.FREE: 0,
    Plate.SALES: 500,
    Plate.GROWTH: 1000,
    Plate.FULL_LOOP: 2000,
    Plate.AGENCY: 10_000,
}
PLATES_WITH_SUPPORT: Final = tuple(plate for plate, cap in PLATE_CAPS.items() if cap)


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


def upserted(kind: Kind) -> str:
    """The event type that carries the full state of one entity of that kind."""
    return f"workspace.{kind.value}.upserted"


def removed(kind: Kind) -> str:
    """The event type that says an entity of that kind is gone."""
    return f"workspace.{kind.value}.removed"


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]


class WorkspaceEvent(OrgEventData):
    """Base of what OpsDash says of its workspaces; the gateway publishes it."""

    event_source: ClassVar[str] = "/services/gateway"


class Org(WorkspaceEvent):
    event_types: ClassVar[tuple[str, ...]] = (upserted(Kind.ORG),)

    slug: Slug
    name: Name
    plate: Plate

    @property
    def event_key(self) -> str:
        return str(self.org_id)


class Member(WorkspaceEvent):
    """`member_id` is the membership; tickets and comments name people by `user_id` (the OIDC `sub`)."""

    event_types: ClassVar[tuple[str, ...]] = (upserted(Kind.MEMBER),)

    member_id: UUID
    user_id: UUID
    name: Name
    email: Email | None
    role: Role

    @property
    def event_key(self) -> str:
        return str(self.member_id)


class Contact(WorkspaceEvent):
    event_types: ClassVar[tuple[str, ...]] = (upserted(Kind.CONTACT),)

    contact_id: UUID
    name: Name
    email: Email | None
    company_id: UUID | None

    @property
    def event_key(self) -> str:
        return str(self.contact_id)


class Company(WorkspaceEvent):
    event_types: ClassVar[tuple[str, ...]] = (upserted(Kind.COMPANY),)

    company_id: UUID
    name: Name

    @property
    def event_key(self) -> str:
        return str(self.company_id)


class Project(WorkspaceEvent):
    event_types: ClassVar[tuple[str, ...]] = (upserted(Kind.PROJECT),)

    project_id: UUID
    name: Name

    @property
    def event_key(self) -> str:
        return str(self.project_id)


class Removed(WorkspaceEvent):
    """An entity that is gone; its version is above every version it had while it lived."""

    event_types: ClassVar[tuple[str, ...]] = tuple(removed(kind) for kind in Kind)

    kind: Kind
    id: UUID

    @property
    def event_key(self) -> str:
        return str(self.id)

    def check_as(self, event_type: str) -> None:
        if event_type != removed(self.kind):
            raise ValueError("the kind is not the one in the event type")
        if self.kind is Kind.ORG and self.id != self.org_id:
            raise ValueError("a removed organisation is its own organisation")

    @classmethod
    def narrow(cls, event_type: str, properties: JsonSchema) -> None:
        kind = next(kind for kind in Kind if removed(kind) == event_type)
        properties["kind"] = {"const": kind.value, "type": "string"}
