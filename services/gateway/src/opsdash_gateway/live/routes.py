"""The live stream of the REST API: Server-Sent Events for clients that bring a token."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from litestar.types import ASGIApp
from opsdash_http.security.tokens import Caller
from opsdash_http.types import HttpRequest

from opsdash_gateway.live.access import Access
from opsdash_gateway.live.hub import Hub
from opsdash_gateway.live.response import LiveResponse
from opsdash_gateway.upstream.client import Upstreams

MAXIMUM_ID_LENGTH = 100

LastEventId = Annotated[
    str | None,
    HeaderParameter(name="Last-Event-ID", max_length=MAXIMUM_ID_LENGTH, description="Resume after this event"),
]
After = Annotated[
    str | None,
    QueryParameter(max_length=MAXIMUM_ID_LENGTH, description="The same, for those who cannot send the header"),
]


@get("/api/orgs/{slug:str}/events", operation_id="followEvents", tags=["live"])
async def follow_events(
    request: HttpRequest,
    slug: FromPath[str],
    caller: NamedDependency[Caller],
    upstreams: NamedDependency[Upstreams],
    hub: NamedDependency[Hub],
    last_event_id: LastEventId = None,
    after: After = None,
) -> ASGIApp:
    """What changes in the org, as it happens: Server-Sent Events that say what to load again."""
    return LiveResponse(  # type: ignore[return-value] # the framework's names for the same protocol
        hub=hub,
        access=Access(upstreams, slug, {"authorization": request.headers["authorization"]}),
        user_id=caller.user_id,
        expires_at=caller.expires_at,
        last_event_id=last_event_id or after,
    )
