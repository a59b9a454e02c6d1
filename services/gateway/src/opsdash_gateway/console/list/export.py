"""The list's filter as a CSV file, forwarded from the upstream while it comes."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import PAGE
from opsdash_gateway.console.list.service import query_of
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import refusal
from opsdash_gateway.upstream.responses import as_stream

#: View and filters exclude each other; the upstream still writes the head of the file.
_NOTHING: Final = {"created_to": "2000-01-01T00:00:00Z"}


@get("/support/tickets.csv", opt=PAGE)
async def export(page: NamedDependency[Page]) -> HttpResponse:
    """The same tickets as the list at the same address shows."""
    wanted = query_of(page).upstream_filter(page.session.user_id) or _NOTHING
    headers = {"authorization": f"Bearer {page.session.access_token}"}
    path = f"/orgs/{page.slug}/tickets.csv"
    answer, chunks = await page.upstreams.tickets.stream(path, query=urlencode(wanted).encode("ascii"), headers=headers)
    if chunks is None:
        raise refusal(answer.body, answer.headers)
    return as_stream(answer, chunks)


EXPORT_ROUTES: list[ControllerRouterHandler] = [export]
