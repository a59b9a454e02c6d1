"""Opens an org and reads the thread of a ticket in one statement."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_tenancy.open_tenant import TenantContext, TenantReader, authorize

from opsdash_comments.access.policy import Access, CommentAction
from opsdash_comments.threads import repository
from opsdash_comments.threads.model import Thread


async def open_thread(
    connection: Connection, *, slug: str, user_id: UUID, action: CommentAction, reference: UUID | int
) -> tuple[TenantContext, Access, Thread | None]:
    """Open the org for the caller, and with it what is known of a ticket, locked if the ticket is to be commented on.

    Raises NotFound before FeatureNotAvailable before Forbidden.
    """
    reader = TenantReader(connection, slug, user_id)
    thread = await repository.thread(reader, reference, lock=action is CommentAction.COMMENT)
    access = authorize(Access, reader.tenant, slug=slug, user_id=user_id, action=action)
    return reader.tenant, access, thread
