"""What a visitor who is not signed in gets: the way to sign-in, and back to the same page afterwards."""

from __future__ import annotations

from litestar import Response
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap
from opsdash_http.types import HttpRequest, HttpResponse

from opsdash_gateway.console.auth.addresses import sign_in_address
from opsdash_gateway.console.auth.csrf import is_safe
from opsdash_gateway.console.auth.session import SignInNeeded


def to_sign_in(request: HttpRequest, _: SignInNeeded) -> HttpResponse:
    """A page is redirected; htmx is told to leave the page, because it would swap a redirected answer into it."""
    address = sign_in_address(request)
    if request.headers.get("hx-request") == "true" or not is_safe(request.method):
        return Response(None, status_code=401, headers={"HX-Redirect": address})
    return Redirect(address, status_code=303)


#: Part of the exception handlers of every router with pages.
SIGN_IN_HANDLERS: ExceptionHandlersMap = {SignInNeeded: to_sign_in}
