"""The OpenAPI document of this service; the gateway publishes it as part of its own."""

from __future__ import annotations

from typing import Any

from litestar.di import Provide
from opsdash_http.openapi import openapi_document
from opsdash_tenancy.openapi import TENANT_ANSWERS

from opsdash_tickets.routes import ROUTES


def document() -> dict[str, Any]:
    """Describe the routes without starting anything."""
    nothing = Provide(lambda: None, sync_to_thread=False)
    injected = dict.fromkeys(("database", "cursors"), nothing)
    return openapi_document(
        "OpsDash Support tickets",
        "1",
        ROUTES,
        dependencies=injected,
        domain=TENANT_ANSWERS,
    )
