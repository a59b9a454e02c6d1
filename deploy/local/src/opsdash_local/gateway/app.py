"""Composition root of the local stack's gateway."""

from __future__ import annotations

from opsdash_gateway import app
from opsdash_gateway.publishing.publisher import Publisher
from opsdash_http.app import Application

from opsdash_local.dev_issuer.routes import issuer_router
from opsdash_local.dev_issuer.settings import LocalGatewaySettings


def build_app(
    settings: LocalGatewaySettings, publisher: Publisher | None = None, endings_publisher: Publisher | None = None
) -> Application:
    """The gateway and, where settings ask for it, the issuer. Raises StartupError for a bad key file."""
    issuer = issuer_router(settings)
    return app.build_app(settings, publisher, endings_publisher, more_routes=[issuer] if issuer else [])
