"""The live stream of pages: the REST API's, for readers who have a session instead of a token."""

from __future__ import annotations

from functools import partial

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ASGIApp
from opsdash_http.security.tokens import Caller
from opsdash_http.types import HttpRequest

from opsdash_gateway.console.auth.ended_sessions.register import EndedSessions
from opsdash_gateway.console.auth.session import PAGE, WebSession
from opsdash_gateway.live.access import Access
from opsdash_gateway.live.hub import Hub
from opsdash_gateway.live.response import LiveResponse
from opsdash_gateway.upstream.client import Upstreams


@get("/{locale:str}/org/{slug:str}/support/stream", opt=PAGE, include_in_schema=False)
async def follow_page(
    request: HttpRequest,
    slug: FromPath[str],
    caller: NamedDependency[Caller],
    session: NamedDependency[WebSession],
    upstreams: NamedDependency[Upstreams],
    hub: NamedDependency[Hub],
    ended: NamedDependency[EndedSessions],
) -> ASGIApp:
    """What changes in the workspace, as it happens. A refusal is a problem document: no person reads it."""
    return LiveResponse(  # type: ignore[return-value] # the framework's names for the same protocol
        hub=hub,
        access=Access(upstreams, slug, {"authorization": f"Bearer {session.access_token}"}),
        user_id=caller.user_id,
        expires_at=caller.expires_at,
        last_event_id=_last_event_id(request),
        is_over=partial(ended.is_over, session.marks, session.started_at),
    )


def _last_event_id(request: HttpRequest) -> str | None:
    return request.headers.get("last-event-id") or request.query_params.get("after")
