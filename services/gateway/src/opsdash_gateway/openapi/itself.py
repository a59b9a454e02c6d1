"""Describes where the document is: routes without a caller, beside the API."""

from __future__ import annotations

from typing import Any

from opsdash_chassis.http.openapi.answers import describe

JSON_PATH, YAML_PATH = "/schema/openapi.json", "/schema/openapi.yaml"
JSON_TYPE, YAML_TYPE = "application/vnd.oai.openapi+json", "application/vnd.oai.openapi"


def describe_itself(document: dict[str, Any]) -> None:
    """Put the two routes in."""
    for path, media_type, schema in (
        (JSON_PATH, JSON_TYPE, {"type": "object"}),
        (YAML_PATH, YAML_TYPE, {"type": "string"}),
    ):
        form = path.rpartition(".")[2]
        operation: dict[str, Any] = {
            "operationId": f"getDocumentAs{form.title()}",
            "summary": f"This document as {form.upper()}",
            "tags": ["document"],
            "security": [],
            "responses": {"200": {"description": "The document", "content": {media_type: {"schema": schema}}}},
        }
        describe(operation)
        document["paths"][path] = {"get": operation}
