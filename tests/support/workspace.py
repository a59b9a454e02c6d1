"""Object mothers for the workspace directory: two orgs that must never see each other, and one without support."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg
from opsdash_chassis.tenancy import directory_repository as tenancy
from opsdash_contracts.workspace import Company, Contact, Member, Org, Plate, Project, Role
from opsdash_tickets.directory import repository as directory


@dataclass(frozen=True)
class OrgFixture:
    """One org with a person in each role and one of everything a ticket can point to."""

    slug: str
    plate: Plate = Plate.AGENCY
    id: UUID = field(default_factory=uuid4)
    owner: UUID = field(default_factory=uuid4)
    admin: UUID = field(default_factory=uuid4)
    member: UUID = field(default_factory=uuid4)
    viewer: UUID = field(default_factory=uuid4)
    contact: UUID = field(default_factory=uuid4)
    company: UUID = field(default_factory=uuid4)
    project: UUID = field(default_factory=uuid4)

    def org(self, version: int = 1) -> Org:
        return Org(org_id=self.id, slug=self.slug, name=self.slug.title(), plate=self.plate, version=version)

    def members(self) -> list[Member]:
        people = {
            Role.OWNER: self.owner,
            Role.ADMIN: self.admin,
            Role.MEMBER: self.member,
            Role.VIEWER: self.viewer,
        }
        return [
            Member(
                org_id=self.id,
                member_id=uuid4(),
                user_id=user,
                name=f"{role} of {self.slug}",
                email=None,
                role=role,
                version=1,
            )
            for role, user in people.items()
        ]


@dataclass(frozen=True)
class Workspace:
    """What most tests need: `ours`, a `foreign` org, and one on the `free` plate."""

    ours: OrgFixture = field(default_factory=lambda: OrgFixture("ours"))
    foreign: OrgFixture = field(default_factory=lambda: OrgFixture("foreign"))
    free: OrgFixture = field(default_factory=lambda: OrgFixture("free", Plate.FREE))

    @property
    def orgs(self) -> list[OrgFixture]:
        return [self.ours, self.foreign, self.free]


async def seed(worker_url: str, workspace: Workspace) -> None:
    """Write the directory straight into the replica, for tests that are not about the feed."""
    connection = await asyncpg.connect(worker_url)
    try:
        for org in workspace.orgs:
            await directory.upsert_org(connection, org.org())
            for member in org.members():
                await directory.upsert_member(connection, member)
            company = Company(org_id=org.id, company_id=org.company, name=f"Company {org.slug}", version=1)
            contact = Contact(
                org_id=org.id, contact_id=org.contact, name=f"Contact {org.slug}", email="c@example.com",
                company_id=org.company, version=1,
            )  # fmt: skip
            await directory.upsert_company(connection, company)
            await directory.upsert_contact(connection, contact)
            project = Project(org_id=org.id, project_id=org.project, name=f"Project {org.slug}", version=1)
            await directory.upsert_project(connection, project)
    finally:
        await connection.close()


async def seed_members(worker_url: str, workspace: Workspace) -> None:
    """Orgs and members only: all that services other than tickets keep of the directory."""
    connection = await asyncpg.connect(worker_url)
    try:
        for org in workspace.orgs:
            await tenancy.upsert_org(connection, org.org())
            for member in org.members():
                await tenancy.upsert_member(connection, member)
    finally:
        await connection.close()
