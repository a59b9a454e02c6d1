"""The answer to a request for the stream: the upstream's refusal, or a stream that lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from opsdash_http.asgi import Receive, Scope, Send
from opsdash_http.security.authentication import goes_on

from opsdash_gateway.live.access import Access
from opsdash_gateway.live.hub import Hub
from opsdash_gateway.live.stream import Reader, Stream
from opsdash_gateway.upstream.responses import as_response


@dataclass(frozen=True)
class LiveResponse:
    """An ASGI application for one request. `last_event_id` None: from now on."""

    hub: Hub
    access: Access
    user_id: UUID
    expires_at: float
    last_event_id: str | None
    is_over: Callable[[], bool] = lambda: False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.hub.seat(self.user_id):
            answer, membership = await self.access.ask()
            if membership is None:
                await as_response(answer)(scope, receive, send)  # type: ignore[arg-type] # the same protocol
                return
            allowed = self.access.still_allowed
            unread = self.access.unread
            reader = Reader(self.user_id, membership.member_id, self.expires_at, allowed, self.is_over, unread)
            feed = self.hub.feed(membership.org_id)
            stream = Stream(feed, reader, self.last_event_id)
            goes_on(scope)
            with self.hub.joined(feed, stream):
                await stream.run(receive, send)
