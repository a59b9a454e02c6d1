"""The OpenAPI document of this service: it has no public routes, the gateway offers the ledger and the cron route."""

from __future__ import annotations

from typing import Any

from opsdash_http.openapi import openapi_document

from opsdash_sla_monitor.routes import ROUTES


def document() -> dict[str, Any]:
    """Describe the routes without starting anything."""
    return openapi_document("OpsDash Support SLA monitor", "1", ROUTES, dependencies=["database", "sweeper"])
