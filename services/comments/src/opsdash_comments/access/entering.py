"""Whether a member of an org may do something with its comments."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.tenancy.entering import Entered
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT

from opsdash_comments.access.policy import Access, CommentAction
from opsdash_comments.errors import FeatureNotAvailable, RoleTooLow


def admit(entered: Entered, *, slug: str, user_id: UUID, action: CommentAction) -> Access:
    """What the member may do here, if this is part of it. Raises FeatureNotAvailable before RoleTooLow."""
    access = Access(entered.org_id, slug, entered.plate, entered.role, user_id)
    if access.plate not in PLATES_WITH_SUPPORT:
        raise FeatureNotAvailable(access.plate, PLATES_WITH_SUPPORT)
    if not access.may(action):
        raise RoleTooLow
    return access
