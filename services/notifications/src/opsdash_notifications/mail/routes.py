"""What a person says about their mails, and the links by which they turn them off without signing in."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from opsdash_chassis.database.pools import Database
from opsdash_http.openapi.answers import ETAG
from opsdash_http.requests.conditional import IfMatch, expected_versions
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.security.tokens import Caller

from opsdash_notifications.mail import preferences_service
from opsdash_notifications.mail.links import PATH as UNSUBSCRIBE
from opsdash_notifications.mail.links import MailLinks
from opsdash_notifications.mail.schemas import (
    NotificationPreferences,
    PatchNotificationPreferences,
    Unsubscribing,
    changes_of,
    preferences_of,
)

PATH = "/me/notifications"
_LINK = "/{user_id:uuid}/{names:str}/{signature:str}"


@get(PATH, operation_id="getNotificationPreferences", tags=["me"], response_headers=[ETAG])
async def get_notification_preferences(
    caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[NotificationPreferences]:
    """Which reasons bring the caller a mail, and when; the defaults until they change one."""
    async with database.tenant_transaction() as connection:
        stored = await preferences_service.preferences(connection, caller.user_id)
    return Response(preferences_of(stored), headers={"ETag": f'"{stored.version}"'})


@patch(PATH, operation_id="patchNotificationPreferences", tags=["me"], response_headers=[ETAG])
async def patch_notification_preferences(
    data: JSONBody[PatchNotificationPreferences],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    if_match: IfMatch = None,
) -> Response[NotificationPreferences]:
    """Change some of it."""
    expected = expected_versions(if_match)
    async with database.tenant_transaction() as connection:
        stored = await preferences_service.change(connection, caller.user_id, changes_of(data), if_match=expected)
    return Response(preferences_of(stored), headers={"ETag": f'"{stored.version}"'})


def unsubscribe_router(links: MailLinks) -> Router:
    """Asked by the gateway, for whoever has a link: its signature is what lets them in."""

    @get(_LINK)
    async def linked_mails(
        user_id: FromPath[UUID], names: FromPath[str], signature: FromPath[str], database: NamedDependency[Database]
    ) -> Unsubscribing:
        async with database.tenant_transaction() as connection:
            language, kinds = await preferences_service.linked(connection, links, user_id, names, signature)
        return Unsubscribing(language=language, kinds=kinds)

    @post(_LINK, status_code=204)
    async def unsubscribe(
        user_id: FromPath[UUID], names: FromPath[str], signature: FromPath[str], database: NamedDependency[Database]
    ) -> None:
        async with database.tenant_transaction() as connection:
            await preferences_service.unsubscribe(connection, links, user_id, names, signature)

    return Router(
        UNSUBSCRIBE, route_handlers=[linked_mails, unsubscribe], opt={"authentication": PUBLIC}, include_in_schema=False
    )


ROUTES = [get_notification_preferences, patch_notification_preferences]
