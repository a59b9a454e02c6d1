"""The workspace directory: its orgs as objects, seeded into a database with tickets, and as events of the feed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, cast
from uuid import UUID, uuid4

import asyncpg
import opsdash_markdown as markdown
import uuid_utils.compat as uuid_utils
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from opsdash_contracts.envelope import Event, EventData
from opsdash_contracts.topics import WORKSPACE
from opsdash_contracts.workspace import Company, Contact, Kind, Member, Org, Plate, Project, Removed, Role, removed
from opsdash_tenancy import directory_repository as tenancy
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


LARGE_ORG = UUID("00000000-0000-7000-8000-00000000feed")
LARGE_OWNER = UUID("00000000-0000-7000-8000-0000000000aa")

_ORGS = """
INSERT INTO orgs (org_id, slug, name, plate, version)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'org-' || n, 'Org ' || n, 'agency', 1
FROM generate_series(1, $1::int) n
UNION ALL SELECT $2, 'large', 'Large', 'agency', 1
"""
_MEMBERS = """
INSERT INTO members (org_id, member_id, user_id, name, role, version)
SELECT $1, gen_random_uuid(), $2, 'Owner', 'owner', 1
"""
# Titles mix words that are everywhere with ones that are rare; ages, states and people vary as in a real queue.
_TICKETS = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, assignee_id, sla_due_at,
                     sla_source, created_by, created_at, updated_at, version, description_html, renderer)
SELECT o.org_id, gen_random_uuid(), n,
       'Ticket about ' || (ARRAY['printer','invoice','webhook','password','calendar','export'])[1 + n % 6]
           || ' number ' || n,
       'Words that every ticket has. Rare word: w' || (n * 7919 % 5000),
       (ARRAY['open','in_progress','waiting','resolved','closed'])[1 + n % 5],
       (ARRAY['urgent','high','medium','low'])[1 + n % 4],
       (ARRAY['general','billing','technical'])[1 + n % 3],
       CASE WHEN n % 3 = 0 THEN NULL ELSE $2::uuid END,
       CASE WHEN n % 10 = 0 THEN NULL ELSE now() + make_interval(hours => (n * 37 % 400) - 200) END,
       'auto', $2, now() - make_interval(mins => n * 5), now() - make_interval(mins => n), 1, '', $5
FROM (SELECT org_id FROM orgs WHERE (org_id = $3) = $4) o, generate_series(1, $1::int) n
"""
_COUNTERS = """
INSERT INTO org_counters (org_id, last_number, living_tickets)
SELECT org_id, max(number), count(*) FROM tickets GROUP BY org_id
"""


async def seed_many(admin_url: str, *, orgs: int, each: int, large: int) -> None:
    """`orgs` orgs with `each` tickets, and one with `large`; statistics are fresh afterwards."""
    connection = await asyncpg.connect(admin_url, command_timeout=600)
    try:
        await connection.execute(_ORGS, orgs, LARGE_ORG)
        await connection.execute(_MEMBERS, LARGE_ORG, LARGE_OWNER)
        for count, is_large in ((each, False), (large, True)):
            await connection.execute(_TICKETS, count, LARGE_OWNER, LARGE_ORG, is_large, markdown.VERSION)
        await connection.execute(_COUNTERS)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


_KIND_OF = {"Org": "org", "Member": "member", "Contact": "contact", "Company": "company", "Project": "project"}


def workspace_event(data: EventData) -> Event[Any]:
    if isinstance(data, Removed):
        event_type = removed(Kind(data.kind))
    else:
        event_type = f"workspace.{_KIND_OF[type(data).__name__]}.upserted"
    return Event.of(data, type=event_type, id=uuid4(), time=datetime.now(UTC))


async def publish(bootstrap_servers: str, *payloads: EventData) -> None:
    """Return after the broker has them all."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
    await producer.start()
    try:
        for payload in payloads:
            event = workspace_event(payload)
            await producer.send_and_wait(WORKSPACE, event.value(), key=event.key, headers=event.envelope.to_headers())
    finally:
        await producer.stop()


DAMAGED_NAME = b"x-\xff\xfe"


@dataclass(frozen=True)
class Message:
    """A record before it is sent; every part may be damaged."""

    headers: list[tuple[str, bytes]]
    key: bytes | None
    value: bytes | None
    damaged_name: bool = field(default=False)

    def with_value(self, value: bytes | None) -> Message:
        return replace(self, value=value)

    def with_body(self, **changes: Any) -> Message:
        return replace(self, value=json.dumps(json.loads(self.value or b"{}") | changes).encode())

    def with_header(self, name: str, value: bytes) -> Message:
        return replace(self, headers=[*(pair for pair in self.headers if pair[0] != name), (name, value)])

    def without_header(self, name: str) -> Message:
        return replace(self, headers=[pair for pair in self.headers if pair[0] != name])


def message(data: EventData, event_type: str | None = None) -> Message:
    event: Event[EventData] = Event.of(
        data,
        type=event_type or data.event_types[0],
        id=UUID(bytes=uuid_utils.uuid7().bytes),
        time=datetime.now(UTC),
    )
    return Message(event.envelope.to_headers(), event.key, event.value())


def company(org: OrgFixture, *, version: int = 1, name: str = "Acme", company_id: UUID | None = None) -> Company:
    return Company(org_id=org.id, company_id=company_id or uuid4(), name=name, version=version)


def company_removed(org: OrgFixture, company_id: UUID, *, version: int) -> Message:
    data = Removed(kind=Kind.COMPANY, id=company_id, org_id=org.id, version=version)
    return message(data, removed(Kind.COMPANY))


class Feed:
    """Writes records to one topic exactly as given."""

    def __init__(self, bootstrap_servers: str, topic: str = WORKSPACE) -> None:
        self._topic = topic
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=False, max_request_size=4_000_000
        )

    async def send(self, *messages: Message, partition: int = 0) -> list[int]:
        """Send one after the other; the offsets."""
        offsets = []
        for item in messages:
            if item.damaged_name:
                confirmation = await self._send_batch(item, partition)
            else:
                confirmation = await self._producer.send(
                    self._topic, item.value, key=item.key, headers=item.headers, partition=partition
                )
            offsets.append(cast("int", (await confirmation).offset))
        return offsets

    async def _send_batch(self, item: Message, partition: int) -> Any:
        """A record with a header whose name is not UTF-8, which the client itself would refuse to write."""
        batch = self._producer.create_batch()
        builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 1_000_000)
        builder.append(0, None, item.key, item.value, [*item.headers, (_Undecodable(), b"1")])
        batch._builder, batch._relative_offset = builder, 1
        batch.close()
        return await self._producer.send_batch(batch, self._topic, partition=partition)

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._producer.stop()


class _Undecodable(str):
    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return DAMAGED_NAME
