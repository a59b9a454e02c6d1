"""The demo workspace as pure data: orgs, people, companies, contacts and projects whose ids never change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

from opsdash_local.demo.names import COMPANIES, FIRST_NAMES, LAST_NAMES, ORGS, PEOPLE, PROJECTS

NAMESPACE = UUID("6f1b9d3e-6a0c-5e0f-9b4e-0d5ad4f3c0a1")
VERSION = 1  # raise it whenever anything below changes: the highest version wins
MAIN_ORG = "brightside"
# How many companies, contacts and projects each org gets, in the order of the names.
SHARES = {"brightside": (9, 30, 6), "tidewater": (6, 18, 4), "pinecrest": (4, 10, 2), "juniper": (1, 2, 0)}

Line = dict[str, Any]


def stable_id(*parts: object) -> str:
    return str(uuid5(NAMESPACE, "/".join(str(part) for part in parts)))


def org_id(org: str) -> str:
    return stable_id("org", org)


def user_id(person: str) -> str:
    return stable_id("user", person)


def email(person: str) -> str:
    return f"{person}@opsdash.example"


def people() -> list[dict[str, Any]]:
    """Whom the development issuer may sign in, main org first."""
    return [
        {
            "user_id": user_id(person),
            "name": name,
            "email": email(person),
            "memberships": [
                {"org": org_id(org), "slug": org, "role": members[person]}
                for org, (_, _, members) in ORGS.items()
                if person in members
            ],
        }
        for person, name in PEOPLE.items()
    ]


def lines() -> Iterator[Line]:
    """What the sync API gets, one entity a line; an entity comes after those it refers to."""
    for org, (name, plate, _) in ORGS.items():
        yield _put("org", org_id(org), slug=org, name=name, plate=plate)
    for org, (_, _, members) in ORGS.items():
        yield from _members(org, members)
    offsets = [0, 0, 0]
    for org, share in SHARES.items():
        yield from _companies(org, offsets[0], share[0])
        yield from _contacts(org, offsets, share)
        yield from _projects(org, offsets[2], share[2])
        offsets = [offset + count for offset, count in zip(offsets, share, strict=True)]


def contact_ids(org: str) -> list[str]:
    return [line["id"] for line in lines() if line["kind"] == "contact" and line["body"]["org_id"] == org_id(org)]


def project_ids(org: str) -> list[str]:
    return [line["id"] for line in lines() if line["kind"] == "project" and line["body"]["org_id"] == org_id(org)]


def _members(org: str, members: dict[str, str]) -> Iterator[Line]:
    for person, role in members.items():
        yield _put(
            "member",
            stable_id("member", org, person),
            org_id=org_id(org),
            user_id=user_id(person),
            name=PEOPLE[person],
            email=email(person),
            role=role,
        )


def _companies(org: str, first: int, count: int) -> Iterator[Line]:
    for index in range(first, first + count):
        yield _put("company", stable_id("company", index), org_id=org_id(org), name=COMPANIES[index])


def _contacts(org: str, offsets: list[int], share: tuple[int, int, int]) -> Iterator[Line]:
    for index in range(offsets[1], offsets[1] + share[1]):
        company = offsets[0] + index % share[0]
        first = FIRST_NAMES[index % len(FIRST_NAMES)]
        last = LAST_NAMES[(index * 3 + index // len(FIRST_NAMES)) % len(LAST_NAMES)]
        domain = "".join(letter for letter in COMPANIES[company].lower() if letter.isascii() and letter.isalnum())
        yield _put(
            "contact",
            stable_id("contact", index),
            org_id=org_id(org),
            name=f"{first} {last}",
            email=f"{first.lower()}.{last.lower()}@{domain}.example",
            company_id=stable_id("company", company),
        )


def _projects(org: str, first: int, count: int) -> Iterator[Line]:
    for index in range(first, first + count):
        yield _put("project", stable_id("project", index), org_id=org_id(org), name=PROJECTS[index])


def _put(kind: str, entity_id: str, **body: object) -> Line:
    return {"op": "put", "kind": kind, "id": entity_id, "body": {**body, "version": VERSION}}
