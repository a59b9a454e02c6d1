"""The dashboard: the support numbers of a workspace at a glance. Workspaces without Support have one too."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.types import ControllerRouterHandler
from opsdash_contracts.tickets import Priority
from opsdash_http.errors.problems import Problem, not_found
from opsdash_http.types import HttpRequest

from opsdash_gateway.console.auth.session import PAGE, WebSession
from opsdash_gateway.console.shell.htmx import is_fragment
from opsdash_gateway.console.shell.page import LOCKED, STATE, Page, provide_page
from opsdash_gateway.console.shell.rendering import Renderer
from opsdash_gateway.live.hub import Hub
from opsdash_gateway.upstream.client import Upstreams


class OverdueTicket(msgspec.Struct):
    """One of the most overdue."""

    number: int
    title: str
    priority: str
    sla_due_at: datetime


class Insights(msgspec.Struct):
    """The upstream's numbers of the active tickets, all of one moment."""

    open: int
    overdue: int
    due_soon: int
    unassigned: int
    by_priority: dict[str, int]
    most_overdue: list[OverdueTicket]


async def provide_any_page(
    request: HttpRequest,
    upstreams: NamedDependency[Upstreams],
    hub: NamedDependency[Hub],
    session: NamedDependency[WebSession],
    renderer: NamedDependency[Renderer],
) -> Page:
    """Like `provide_page`, but a workspace whose plate has no Support gets its page as well."""
    try:
        return await provide_page(request, upstreams, hub, session, renderer)
    except Problem as problem:
        page: Page | None = request.scope["state"].get(STATE)
        if problem.code != LOCKED or page is None:
            raise
        if page.membership is None:
            raise not_found() from None
        return page


@get("/dashboard", opt=PAGE, dependencies={"page": Provide(provide_any_page)})
async def dashboard(page: NamedDependency[Page]) -> Response[bytes]:
    """The page; the cards alone when the numbers have changed."""
    insights = await page.read("/insights", Insights) if page.known_support else None
    template = "dashboard/insights.html" if is_fragment(page.request) else "dashboard/page.html"
    return page.render(template, nav="dashboard", insights=insights, priorities=tuple(Priority))


DASHBOARD_ROUTES: list[ControllerRouterHandler] = [dashboard]
