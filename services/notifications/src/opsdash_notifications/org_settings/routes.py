"""The routes of an org's settings of notices."""

from __future__ import annotations

from dataclasses import asdict

from litestar import Response, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody
from opsdash_http.openapi.answers import ETAG
from opsdash_http.requests.conditional import IfMatch, expected_versions

from opsdash_notifications.access.policy import NoticeAction
from opsdash_notifications.org_settings import repository, service
from opsdash_notifications.org_settings.model import OrgSettings
from opsdash_notifications.org_settings.schemas import NoticeSettings, PatchNoticeSettings
from opsdash_notifications.tickets.scope import RequestScope

PATH = "/settings/notifications"


@get(PATH, operation_id="getNoticeSettings", response_headers=[ETAG])
async def get_settings(org: NamedDependency[RequestScope]) -> Response[NoticeSettings]:
    """The settings of the org's notices; the defaults until somebody changes one."""
    async with org.transaction(NoticeAction.CONFIGURE) as (work, access):
        return _answer(await repository.read(work.connection, access.org_id))


@patch(PATH, operation_id="patchNoticeSettings", response_headers=[ETAG])
async def patch_settings(
    data: JSONBody[PatchNoticeSettings], org: NamedDependency[RequestScope], if_match: IfMatch = None
) -> Response[NoticeSettings]:
    """Change some of them."""
    async with org.transaction(NoticeAction.CONFIGURE) as (work, access):
        expected = expected_versions(if_match)
        return _answer(await service.change(work, access, data.given(), if_match=expected))


def _answer(settings: OrgSettings) -> Response[NoticeSettings]:
    body = NoticeSettings(**asdict(settings))
    return Response(body, headers={"ETag": f'"{settings.version}"'})


ROUTES = [get_settings, patch_settings]
