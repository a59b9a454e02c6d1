"""The routes for the platform: /livez, /readyz and /metrics; never for users."""

from __future__ import annotations

import asyncio

import msgspec
from litestar import Response, Router, get
from opsdash_chassis.observability.health import Health, ProbeResult
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    disable_created_metrics,
    generate_latest,
)

from opsdash_http.errors.problems import Problem
from opsdash_http.security.authentication import PUBLIC

#: Never behind the gateway, so never called by another path.
OPERATIONS_PATHS = frozenset({"/livez", "/readyz", "/metrics"})


class Check(msgspec.Struct, forbid_unknown_fields=True):
    """One probe's answer."""

    name: str
    ok: bool
    detail: str


class HealthReport(msgspec.Struct, forbid_unknown_fields=True):
    """All probes are good."""

    status: str
    checks: list[Check]


def _report(results: dict[str, ProbeResult], code: str) -> HealthReport:
    checks = [Check(name, ok, detail) for name, (ok, detail) in results.items()]
    failing = [check for check in checks if not check.ok]
    if failing:
        detail = "; ".join(f"{check.name}: {check.detail}" for check in failing)
        raise Problem(code, "Not available", 503, detail, headers={"Retry-After": "5"})
    return HealthReport("ok", checks)


def operations_router(health: Health, registry: CollectorRegistry = REGISTRY) -> Router:
    """The router; served on the main port, or alone on OPERATIONS_PORT."""
    disable_created_metrics()  # type: ignore[no-untyped-call] # they double the series and nobody reads them

    @get("/livez")
    async def livez() -> HealthReport:
        return _report(await health.live(), "not-live")

    @get("/readyz")
    async def readyz() -> HealthReport:
        return _report(await health.ready(), "not-ready")

    @get("/metrics")
    async def metrics() -> Response[bytes]:
        body = await asyncio.to_thread(generate_latest, registry)
        return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Router("/", route_handlers=[livez, readyz, metrics], opt={"authentication": PUBLIC}, include_in_schema=False)
