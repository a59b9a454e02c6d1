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
from opsdash_tickets.tickets.references_repository import ReferenceNames

FIELDS: Final[tuple[str, ...]] = ("assignee_id", "contact_id", "project_id")
#: By field; a field that points to nothing may be absent.
References: TypeAlias = Mapping[str, UUID | None]
NOTHING: Final = ReferenceNames()


async def find(work: UnitOfWork, access: Access, references: References) -> ReferenceNames:
    """The names of what is pointed to, none for what is not there."""
    if not any(references.values()):
        return NOTHING
    return await references_repository.names(work.connection, access.org_id, *asked(references))


def asked(references: References) -> tuple[object, ...]:
    """The parameters of `references_repository.NAMES` after the org's id."""
    return (*(references.get(field) for field in FIELDS), sorted(policy.ASSIGNABLE_ROLES))


def missing(references: References, names: ReferenceNames) -> list[str]:
    """The fields that point to no living object of this org; foreign and unknown look the same."""
    found = {"assignee_id": names.assignee_name, "contact_id": names.contact_name, "project_id": names.project_name}
    return [field for field in FIELDS if references.get(field) is not None and found[field] is None]


def check(references: References, names: ReferenceNames) -> None:
    """Raises InvalidFields, with the same words for foreign and unknown ids."""
    text = {"assignee_id": "is not somebody who can be assigned here"}
    problems = [
        FieldProblem(f"/{field}", "unknown-reference", text.get(field, "does not exist here"))
        for field in missing(references, names)
    ]
    if problems:
        raise InvalidFields(problems)
