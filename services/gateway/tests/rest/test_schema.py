"""The API page and document: complete, offline, and what the vendored files are."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from typing import Any

import pytest
import yaml
from opsdash_gateway.rest.openapi import merge

PAGE_FILES = files("opsdash_gateway.rest").joinpath("docs_page")


@pytest.fixture
async def document(gateway: Any) -> dict[str, Any]:
    status, headers, body = await gateway.call("GET", "/schema/openapi.json", token="")
    assert (status, headers["content-type"]) == (200, "application/vnd.oai.openapi+json")
    return dict(json.loads(body))


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def component(document: dict[str, Any], reference: str) -> dict[str, Any]:
    kind, name = reference.removeprefix("#/components/").split("/")
    found: dict[str, Any] = document["components"][kind][name]
    return found


class TestDocument:
    async def test_names_every_route_clients_may_call(self, document: dict[str, Any]) -> None:
        assert {name for name, _ in operations(document)} >= {
            "get /api/orgs/{slug}/tickets",
            "post /api/orgs/{slug}/tickets",
            "get /api/orgs/{slug}/tickets/{reference}",
            "patch /api/orgs/{slug}/tickets/{reference}",
            "delete /api/orgs/{slug}/tickets/{reference}",
            "get /api/me",
            "put /api/workspace/{kind}/{entity_id}",
            "delete /api/workspace/{kind}/{entity_id}",
            "post /api/workspace/batch",
        }
        assert not any("/dev" in name or "/livez" in name for name, _ in operations(document))

    async def test_every_operation_has_problems_and_a_security_scheme(self, document: dict[str, Any]) -> None:
        schemes = document["components"]["securitySchemes"].keys()
        for name, operation in operations(document):
            answers = operation["responses"]
            if name.startswith("get /schema/"):
                assert operation["security"] == []
                assert "401" not in answers
                continue
            always = {"400", "401", "403", "404", "405", "414", "429", "431", "500", "502", "503"}
            with_body = {"408", "413", "415"}
            assert always <= answers.keys(), name
            assert (with_body <= answers.keys()) is ("requestBody" in operation), name
            for status, answer in answers.items():
                if status[0] in "45":
                    described = component(document, answer["$ref"])
                    assert list(described["content"]) == ["application/problem+json"], name
                    assert described["content"]["application/problem+json"]["example"]["status"] == int(status)
            for requirement in operation.get("security", document.get("security", [])):
                assert requirement.keys() <= schemes, name
            assert operation.get("security", document.get("security")), name

    async def test_every_reference_leads_somewhere(self, document: dict[str, Any]) -> None:
        for reference in set(re.findall(r'"(#/components/[^"]+)"', json.dumps(document))):
            assert component(document, reference)

    async def test_operation_ids_are_unique(self, document: dict[str, Any]) -> None:
        ids = [operation["operationId"] for _, operation in operations(document)]
        assert len(ids) == len(set(ids))

    async def test_yaml_says_the_same(self, gateway: Any, document: dict[str, Any]) -> None:
        status, headers, body = await gateway.call("GET", "/schema/openapi.yaml", token="")
        assert (status, headers["content-type"]) == (200, "application/vnd.oai.openapi")
        assert yaml.safe_load(body) == document
        assert b"&id" not in body

    def test_two_meanings_of_one_name_are_refused(self) -> None:
        ours = {"paths": {}, "components": {"schemas": {"A": {"type": "string"}}}}
        theirs = {"paths": {}, "components": {"schemas": {"A": {"type": "integer"}}}}
        with pytest.raises(ValueError, match="A means two different things"):
            merge(ours, theirs)


class TestPage:
    async def test_loads_nothing_from_elsewhere_and_runs_no_inline_script(self, gateway: Any) -> None:
        status, headers, body = await gateway.call("GET", "/schema", token="")
        page = body.decode()
        assert status == 200
        assert "script-src 'self';" in headers["content-security-policy"]
        assert "http" not in re.sub(r"<!doctype[^>]*>", "", page)
        assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
        assert not re.search(r"\son\w+=|<style", page)
        for path in re.findall(r'(?:src|href)="([^"]+)"', page):
            asset_status, asset_headers, _ = await gateway.call("GET", path, token="")
            assert (asset_status, asset_headers["x-content-type-options"]) == (200, "nosniff")

    @pytest.mark.parametrize("name", ["vendored.json", "..%2Fapp.py", "__init__.py", "nope.js"])
    async def test_only_the_named_files_are_served(self, gateway: Any, name: str) -> None:
        assert (await gateway.call("GET", f"/schema/{name}", token=""))[0] == 404

    def test_vendored_files_are_the_ones_of_the_lock(self) -> None:
        lock = json.loads(PAGE_FILES.joinpath("vendored.json").read_bytes())
        assert {"package", "version", "source", "licence", "files"} == lock.keys()
        for name, digest in lock["files"].items():
            assert hashlib.sha256(PAGE_FILES.joinpath(name).read_bytes()).hexdigest() == digest
        own = {"start.js", "vendored.json"}
        assert {entry.name for entry in PAGE_FILES.iterdir()} == lock["files"].keys() | own
