"""What a ticket points to: who does it, for whom, for which project. All of it lives in the ticket's own org."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork

from opsdash_tickets.access import policy
from opsdash_tickets.access.policy import Access
from opsdash_tickets.errors import FieldProblem, InvalidFields
from opsdash_tickets.tickets import references_repository

FIELDS: Final[tuple[str, ...]] = ("assignee_id", "contact_id", "project_id")
#: By field; a field that points to nothing may be absent.
References: TypeAlias = Mapping[str, UUID | None]


async def missing(work: UnitOfWork, access: Access, references: References) -> list[str]:
    """The fields that point to no living object of this org; foreign and unknown look the same."""
    ids = [references.get(field) for field in FIELDS]
    if not any(ids):
        return []
    roles = sorted(policy.ASSIGNABLE_ROLES)
    found = await references_repository.existing(work.connection, access.org_id, ids, roles=roles)
    return [field for field in FIELDS if references.get(field) is not None and not getattr(found, field)]


async def check(work: UnitOfWork, access: Access, references: References) -> None:
    """Raises InvalidFields, with the same words for foreign and unknown ids."""
    text = {"assignee_id": "is not somebody who can be assigned here"}
    problems = [
        FieldProblem(f"/{field}", "unknown-reference", text.get(field, "does not exist here"))
        for field in await missing(work, access, references)
    ]
    if problems:
        raise InvalidFields(problems)
