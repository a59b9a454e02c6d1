"""The framework's own types with nothing said of user, token and state: functions of this package read these."""

from __future__ import annotations

from typing import Any, TypeAlias

from litestar import Request, Response
from litestar.connection import ASGIConnection

HttpRequest: TypeAlias = Request[Any, Any, Any]
HttpConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
#: Of any body.
HttpResponse: TypeAlias = Response[Any]
#: What a route is described with beside its function.
RouteOptions: TypeAlias = dict[str, Any]
