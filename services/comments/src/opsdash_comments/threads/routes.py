"""The route by which the gateway has a ticket refreshed."""

from __future__ import annotations

from litestar import put
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_tenancy.references import id_or_number

from opsdash_comments.threads.scope import RequestScope


@put("/thread", status_code=204, include_in_schema=False)
async def refresh_ticket(reference: FromPath[str], org: NamedDependency[RequestScope]) -> None:
    """The gateway has deleted the ticket: hide its comments before anybody is told so."""
    await org.refresh_ticket(id_or_number(reference))
