"""A request that changes something must come from a page of ours, and show that page's token."""

from __future__ import annotations

import hmac

from opsdash_http.errors.problems import Problem, forbidden
from opsdash_http.requests.forms import MEDIA_TYPES
from opsdash_http.requests.requests import check_body_headers
from opsdash_http.types import HttpRequest

FIELD = "csrf_token"
HEADER = "x-csrf-token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_safe(method: str) -> bool:
    return method in _SAFE_METHODS


async def check_csrf(request: HttpRequest, *, token: str, origin: str) -> None:
    """Raises a 403 problem, or that of a form beyond its limits. Only a page without scripts has its token in the form.

    Browsers send Origin with every POST; Sec-Fetch-Site is asked where they send it too.
    """
    if request.headers.get("origin") != origin:
        raise _refused()
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise _refused()
    presented = request.headers.get(HEADER) or await _token_of_form(request)
    if not hmac.compare_digest(presented.encode(), token.encode()):
        raise _refused()


async def _token_of_form(request: HttpRequest) -> str:
    check_body_headers(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in MEDIA_TYPES:
        return ""
    value = (await request.form()).get(FIELD, "")
    return value if isinstance(value, str) else ""


def _refused() -> Problem:
    return forbidden("csrf-failed", "This page is too old to send that. Reload it, then try again.")
