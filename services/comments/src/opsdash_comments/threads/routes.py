"""The route by which the gateway has a ticket looked up again."""

from __future__ import annotations

from litestar import put
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_chassis.tenancy.references import id_or_number

from opsdash_comments.threads.scope import Edge


@put("/thread", status_code=204, include_in_schema=False)
async def look_again(reference: FromPath[str], edge: NamedDependency[Edge]) -> None:
    """The gateway has deleted the ticket: hide its comments before anybody is told so."""
    await edge.look_again(id_or_number(reference))
