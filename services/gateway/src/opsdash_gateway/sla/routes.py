"""What the gateway adds about due times: a ticket's ledger, and the route a cron job calls."""

from __future__ import annotations

from functools import partial

import msgspec
from litestar import Response, Router, get, route
from litestar.di import NamedDependency
from litestar.exceptions import TooManyRequestsException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from opsdash_http.errors.head import NOT_FOR_HEAD
from opsdash_http.types import HttpRequest

from opsdash_gateway.sla.cron_job import CRON_PATH
from opsdash_gateway.sla.cron_secret import CronSecret
from opsdash_gateway.sla.schemas import SlaLedger, SweepResult
from opsdash_gateway.sla.service import with_entries
from opsdash_gateway.upstream.channel_names import channel_names
from opsdash_gateway.upstream.client import Upstreams
from opsdash_gateway.upstream.paths import upstream_path
from opsdash_gateway.upstream.people_client import PeopleClient
from opsdash_gateway.upstream.responses import as_whole
from opsdash_gateway.upstream.sla_monitor_client import MonitorClient

LEDGER_PATH = "/orgs/{slug}/tickets/{reference}/sla"


@get("/api/orgs/{slug:str}/tickets/{reference:str}/sla", operation_id="getSlaLedger", tags=["tickets"])
async def get_sla_ledger(
    request: HttpRequest,
    slug: FromPath[str],
    reference: FromPath[str],
    upstreams: NamedDependency[Upstreams],
    monitor: NamedDependency[MonitorClient],
    people: NamedDependency[PeopleClient],
) -> Response[SlaLedger]:
    """Everything that happened to the ticket's due time."""
    path = upstream_path(LEDGER_PATH, {"slug": slug, "reference": reference})
    answer = await upstreams.tickets.forward("GET", path, headers=request.headers)
    if answer.status != 200:  # noqa: PLR2004 - the upstream decides who may see what
        return as_whole(answer)
    return Response(
        await with_entries(answer, monitor, people, partial(channel_names, upstreams, slug, request.headers))
    )


@route(
    CRON_PATH,
    http_method=["GET", "POST"],
    status_code=200,
    operation_id=lambda _, method, __: f"runSlaSweepBy{method.title()}",
    tags=["cron"],
    raises=[TooManyRequestsException],
)
async def run_sla_sweep(monitor: NamedDependency[MonitorClient]) -> Response[SweepResult]:
    """Tell every breach that is due and was not told; safe at any rate and in parallel. Cookies count for nothing."""
    result = msgspec.json.decode(await monitor.sweep(), type=SweepResult)
    return Response(result, headers={"Cache-Control": "no-store"})


def cron_router(secret: CronSecret) -> Router:
    """The route; only the holder of the cron secret may use it, users never. What stands in the query is ignored."""
    handlers: list[HTTPRouteHandler] = [run_sla_sweep]
    return Router(
        "/",
        route_handlers=handlers,
        opt={"authentication": secret, "query_parameters": None, **NOT_FOR_HEAD},
        security=[{"cron": []}],
    )
