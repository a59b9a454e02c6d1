"""The events' description as the gateway serves it: one AsyncAPI document, and JSON Schemas where their ids say."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

import pytest
import yaml
from opsdash_contracts import asyncapi
from opsdash_contracts.registry import event_types
from opsdash_contracts.schemas import schema_of


async def served(gateway: Any, path: str) -> tuple[str, Any]:
    status, headers, body = await gateway.call("GET", path, token="")
    assert status == 200
    return headers["content-type"], body


class TestDocument:
    async def test_is_that_of_the_contracts(self, gateway: Any) -> None:
        media_type, body = await served(gateway, "/schema/asyncapi.json")
        assert media_type == "application/vnd.aai.asyncapi+json"
        assert json.loads(body) == asyncapi.document()

    async def test_yaml_says_the_same(self, gateway: Any) -> None:
        media_type, body = await served(gateway, "/schema/asyncapi.yaml")
        assert media_type == "application/vnd.aai.asyncapi"
        assert yaml.safe_load(body) == asyncapi.document()
        assert b"&id" not in body


class TestSchemas:
    async def test_each_is_where_its_id_says(self, gateway: Any) -> None:
        for event_type, versions in event_types().items():
            for version in versions:
                path = f"/schema/events/{event_type}/v{version}.json"
                media_type, body = await served(gateway, path)
                assert media_type == "application/schema+json"
                assert json.loads(body) == schema_of(event_type, version)
                here = f"https://support.example{path}"
                assert urljoin(here, json.loads(body)["$id"]) == here

    @pytest.mark.parametrize(
        "path",
        [
            "support_ticket.updated/v2.json",
            "support_ticket.updated/v0.json",
            "support_ticket.updated/v01.json",
            "support_ticket.updated/v99999999999999999999.json",
            "support_ticket.updated/v1",
            "support_ticket.updated/",
            "support_ticket.merged/v1.json",
            "..%2Fasyncapi.json/v1.json",
        ],
    )
    async def test_others_are_not_there(self, gateway: Any, path: str) -> None:
        status, headers, _ = await gateway.call("GET", f"/schema/events/{path}", token="")
        assert (status, headers["content-type"]) == (404, "application/problem+json")
