"""What the gateway says of its own and an upstream says too is one schema: the upstream's."""

from __future__ import annotations

from typing import Any

from opsdash_http.openapi.schemas import Schema

_UPSTREAMS = {"SlaNow": "SlaFields", "SlaPerson": "Person", "WorkspacePlate": "Plate", "WorkspaceRole": "Role"}
_REFERENCE = "#/components/schemas/"


def share_schemas(document: Schema) -> None:
    """Take the gateway's out, and refer to the upstream's wherever one of them was meant."""
    schemas = document["components"]["schemas"]
    for name in _UPSTREAMS:
        schemas.pop(name)
    _refer(document)
    schemas["SlaLedger"]["properties"]["priority"] = {"$ref": f"{_REFERENCE}Priority"}


def _refer(part: Any) -> None:
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix(_REFERENCE)
        if name in _UPSTREAMS:
            part["$ref"] = _REFERENCE + _UPSTREAMS[name]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            _refer(one)
