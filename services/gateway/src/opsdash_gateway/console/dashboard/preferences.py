"""A person changes how the console behaves for them; the tickets service keeps it."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from opsdash_http.errors.problems import bad_request
from opsdash_http.types import HttpRequest, HttpResponse

from opsdash_gateway.console.auth.session import FORM, WebSession
from opsdash_gateway.console.auth.sign_in_redirect import SIGN_IN_HANDLERS
from opsdash_gateway.console.i18n.locales import known_locale
from opsdash_gateway.console.shell.htmx import is_fragment
from opsdash_gateway.console.shell.upstream_schemas import refusal
from opsdash_gateway.upstream.client import Upstreams

BAD_REQUEST: Final = 400
NAMES: Final = ("tour_seen", "shortcuts")


@post("/{locale:str}/preferences", opt=FORM, status_code=200)
async def change_preferences(
    request: HttpRequest, session: NamedDependency[WebSession], upstreams: NamedDependency[Upstreams]
) -> HttpResponse:
    """Fields are `on` or `off`. A plain form leaves an unticked box out: off. Scripts name what they change."""
    known_locale(request)
    form = await request.form()
    named = [name for name in NAMES if name in form] or ["shortcuts"]
    if any(form.get(name, "off") not in {"on", "off"} for name in named):
        raise bad_request("validation", "A preference is on or off.")
    headers = {"authorization": f"Bearer {session.access_token}", "content-type": "application/json"}
    body = msgspec.json.encode({name: form.get(name) == "on" for name in named})
    answer = await upstreams.tickets.forward("PATCH", "/me/preferences", headers=headers, body=body)
    if answer.status >= BAD_REQUEST:
        raise refusal(answer.body, answer.headers)
    return Response(None, status_code=204) if is_fragment(request) else Redirect("/", status_code=303)


preferences_routes = Router(
    "/", route_handlers=[change_preferences], include_in_schema=False, exception_handlers=SIGN_IN_HANDLERS
)
