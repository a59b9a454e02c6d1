"""The OpenAPI document of this service; the gateway publishes it as part of its own."""

from __future__ import annotations

from typing import Any

from opsdash_http.openapi import openapi_document
from opsdash_tenancy.openapi import TENANT_ANSWERS

from opsdash_comments.routes import ROUTES


def document() -> dict[str, Any]:
    """Describe the routes without starting anything."""
    return openapi_document("OpsDash Support comments", "1", ROUTES, dependencies=["database"], domain=TENANT_ANSWERS)
