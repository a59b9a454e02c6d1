"""The root: sends a browser to what there is to see."""

from __future__ import annotations

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect
from opsdash_chassis.http.authentication import NOBODY


def home(target: str) -> HTTPRouteHandler:
    """A redirect from / to `target`."""

    @get("/", opt={"authentication": NOBODY}, include_in_schema=False, status_code=302)
    async def go() -> Redirect:
        return Redirect(target)

    return go
