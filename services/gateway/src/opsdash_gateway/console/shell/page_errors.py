"""Refusals and faults as pages in the frame, or, for a fragment, as a toast; texts in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, cast

import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from opsdash_chassis.errors import Unavailable
from opsdash_http.asgi import Scope
from opsdash_http.errors.problems import Problem, from_status, internal_error, trace_id_of, unavailable
from opsdash_http.types import HttpRequest, HttpResponse

from opsdash_gateway.console.auth.sign_in_redirect import SIGN_IN_HANDLERS
from opsdash_gateway.console.i18n.languages import Language
from opsdash_gateway.console.i18n.locales import locale_of
from opsdash_gateway.console.shell.error_messages import error_message, heading
from opsdash_gateway.console.shell.html_response import html_response
from opsdash_gateway.console.shell.htmx import is_fragment, toast
from opsdash_gateway.console.shell.page import LOCKED, STATE, Page
from opsdash_gateway.console.shell.rendering import Renderer

SERVER_ERROR: Final = 500
#: The answers that a page passes on unchanged.
_KEPT_HEADERS = ("Retry-After", "Allow")
log = structlog.get_logger(__name__)


def page_exception_handlers(renderer: Renderer) -> ExceptionHandlersMap:
    """For every router with pages; problems of the API stay problem documents."""

    def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
        if problem.status >= SERVER_ERROR:
            log.warning("page_problem", code=problem.code, reason=repr(problem.__cause__ or problem))
        page = _page_of(request)
        language = page.language if page else renderer.languages[_code_of(request, renderer)]
        headers = {name: problem.headers[name] for name in _KEPT_HEADERS if name in problem.headers}
        if is_fragment(request):
            return _fragment(request, problem, language, headers)
        context = _context(request, problem, language)
        template = "shell/locked.html" if problem.code == LOCKED and page else "shell/error.html"
        html = renderer.html(language, template, {"page": page, **context})
        return html_response(request, html, problem.status, headers)

    def handler(factory: Callable[[Any], Problem]) -> Callable[[HttpRequest, Any], HttpResponse]:
        return lambda request, error: answer(request, factory(error))

    def unhandled(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("unhandled_error", exc_info=error)
        return answer(request, internal_error())

    handlers: ExceptionHandlersMap = {
        Problem: handler(lambda problem: problem),
        HTTPException: handler(lambda error: from_status(error.status_code)),
        Unavailable: handler(lambda error: unavailable(error.detail, error.retry_after_seconds, code=error.code)),
        Exception: unhandled,
    }
    return {**handlers, **SIGN_IN_HANDLERS}


def _page_of(request: HttpRequest) -> Page | None:
    """The page that was being made, once the upstreams have said that this person belongs to its workspace."""
    page: Page | None = request.scope["state"].get(STATE)
    return page if page and page.org_name else None


def _code_of(request: HttpRequest, renderer: Renderer) -> str:
    named = str(request.path_params.get("locale", ""))
    return named if named in renderer.languages else locale_of(request)


def _fragment(request: HttpRequest, problem: Problem, language: Language, headers: dict[str, str]) -> HttpResponse:
    """A status that htmx does not swap, and a toast that says why; a workspace locked meanwhile shows its page."""
    if problem.code == LOCKED:
        return Response(None, status_code=problem.status, headers={**headers, "HX-Refresh": "true"})
    text = error_message(problem, language)
    if problem.status >= SERVER_ERROR:
        text = language.text("%(text)s Request id: %(id)s", text=text, id=trace_id_of(cast("Scope", request.scope)))
    return html_response(request, "", problem.status, {**headers, **toast("error", text)})


def _context(request: HttpRequest, problem: Problem, language: Language) -> dict[str, Any]:
    return {
        "status": problem.status,
        "heading": heading(HTTPStatus(problem.status), language),
        "sentence": error_message(problem, language),
        "request_id": trace_id_of(cast("Scope", request.scope)) if problem.status >= SERVER_ERROR else "",
        "problem": problem,
    }
