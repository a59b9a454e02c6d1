"""The local stack's gateway in front of a fake tickets service, as the gateway's own tests run it."""

from __future__ import annotations

from services.gateway.tests.conftest import gateway, one_document, start_gateway, upstream

__all__ = ["gateway", "one_document", "start_gateway", "upstream"]
