"""Where the identity provider says that a session has ended (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import structlog
from litestar import Response, post
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from opsdash_http.errors.problems import bad_request, unavailable
from opsdash_http.requests.forms import MEDIA_TYPES
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.security.tokens import InvalidToken
from opsdash_http.types import HttpRequest, RouteOptions

from opsdash_gateway.console.auth.ended_sessions.endings import Endings
from opsdash_gateway.console.auth.ended_sessions.logout_tokens import LogoutTokenVerifier

log = structlog.get_logger(__name__)

BACK_CHANNEL = "/sign-out/back-channel"
MAXIMUM_BYTES = 16 * 1024
RETRY_AFTER_SECONDS = 2
#: The provider has no session here, so there is no CSRF token: the signature of the logout token is what counts.
_OPT: RouteOptions = {"authentication": PUBLIC, "media_types": MEDIA_TYPES, "max_body_bytes": MAXIMUM_BYTES}


def back_channel_route(endings: Endings, tokens: LogoutTokenVerifier) -> HTTPRouteHandler:
    @post(BACK_CHANNEL, opt=_OPT, status_code=200, include_in_schema=False)
    async def end_by_provider(request: HttpRequest) -> Response[bytes]:
        token = (await request.form()).get("logout_token")
        try:
            if not isinstance(token, str):
                raise InvalidToken("the form has not exactly one logout_token")
            ended = await tokens.verify(token)
        except InvalidToken as error:
            log.warning("logout_token_refused", reason=str(error))
            raise bad_request("invalid-logout-token", "This is no logout token for this client.") from None
        if not await endings.end(ended):
            raise unavailable("The message broker did not confirm in time; it is tried again.", RETRY_AFTER_SECONDS)
        log.info("session_ended_by_provider", what=ended.what)
        return Response(b"", status_code=200, media_type=MediaType.TEXT)

    return end_by_provider
