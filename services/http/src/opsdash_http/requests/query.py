"""Query parameters: each at most once, and only those the handler declares.

A handler that reads the query itself lists the names in `opt={"query_parameters": frozenset(...)}`;
one that passes the query on declares `opt={"query_parameters": None}`. A page whose form repeats a name, as
checkboxes do, declares `opt={"repeatable_parameters": True}`.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter

from opsdash_http.errors.problems import FieldError, bad_request
from opsdash_http.errors.validation import MAXIMUM_NAME, escape
from opsdash_http.types import HttpConnection

MAXIMUM_PARAMETERS = 50
_DECLARED = "declared_parameters"


def check_query(connection: HttpConnection) -> None:
    """Raise 400 for a repeated or unknown parameter; lists are written with commas, never by repeating."""
    raw = connection.scope.get("query_string", b"")
    if not raw:
        return
    declared = declared_parameters(connection.route_handler)
    repeatable = connection.route_handler.opt.get("repeatable_parameters", False)
    seen: set[str] = set()
    try:
        pairs = parse_qsl(raw.decode("latin-1"), True, max_num_fields=MAXIMUM_PARAMETERS)
    except ValueError:
        raise bad_request("too-many-parameters", "There are too many query parameters.") from None
    for name, _ in pairs:
        if name in seen and not repeatable:
            raise _parameter_problem(name, "repeated-parameter", "This parameter may be given once only.")
        if declared is not None and name not in declared:
            raise _parameter_problem(name, "unknown-parameter", "This parameter does not exist.")
        seen.add(name)


def _parameter_problem(name: str, code: str, text: str) -> Exception:
    return bad_request(code, text, [FieldError(f"/query/{escape(name[:MAXIMUM_NAME])}", code, text)])


def declared_parameters(handler: BaseRouteHandler) -> frozenset[str] | None:
    """The names a handler and its dependencies take from the query; None: any.

    Found once and kept with the handler: a cache of handlers would keep their application for ever.
    """
    if _DECLARED not in handler.opt:
        handler.opt[_DECLARED] = _parameters_of(handler)
    names: frozenset[str] | None = handler.opt[_DECLARED]
    return names


def _parameters_of(handler: BaseRouteHandler) -> frozenset[str] | None:
    if "query_parameters" in handler.opt:
        names: frozenset[str] | None = handler.opt["query_parameters"]
        return names
    signatures = [handler.parsed_fn_signature]
    signatures += [provider.parsed_fn_signature for provider in handler.resolve_dependencies().values()]
    return frozenset(
        field.kwarg_definition.name or field.name
        for signature in signatures
        for field in signature.parameters.values()
        if isinstance(field.kwarg_definition, QueryParameter)
    )
