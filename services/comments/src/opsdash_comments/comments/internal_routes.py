"""What other services may ask about comments; never reachable through the gateway."""

from __future__ import annotations

from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_chassis.database.pools import Database
from opsdash_http.security.authentication import Services
from opsdash_tenancy.excerpts import Excerpt, excerpt
from opsdash_tenancy.open_tenant import open_for

from opsdash_comments.access.policy import Access, CommentAction
from opsdash_comments.comments import view_repository
from opsdash_comments.errors import NotFound


@get("/orgs/{org_id:uuid}/readers/{reader:uuid}/comments/{comment_id:uuid}/text")
async def comment_text(
    org_id: FromPath[UUID], reader: FromPath[UUID], comment_id: FromPath[UUID], database: NamedDependency[Database]
) -> Excerpt:
    """How a comment begins, for a member who may read it: it is deleted for nobody, nor its ticket."""
    async with database.tenant_transaction() as connection:
        await open_for(connection, Access, org_id, reader, CommentAction.READ)
        text = await view_repository.text(connection, org_id, comment_id)
    if text is None:
        raise NotFound
    return excerpt(text)


ROUTES = [
    Router(
        "/internal",
        route_handlers=[comment_text],
        opt={"authentication": Services(("notifications",))},
        include_in_schema=False,
    )
]
