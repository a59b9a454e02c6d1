"""Objects of operators are what the operators' own definitions allow, and name no field that those do not know."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.deploy.test_kubernetes import OPERATORS
from tests.support.repository import OVERLAYS, Manifest, loaded, rendered

CRDS = Path(__file__).parent / "crds"
PRESERVE = "x-kubernetes-preserve-unknown-fields"
EITHER = "x-kubernetes-int-or-string"
Schema = dict[str, Any]


def schemas() -> dict[tuple[str, str], Schema]:
    """By `apiVersion` and `kind`."""
    found = {}
    for file in sorted(CRDS.glob("*.yaml")):
        for definition in loaded(file.read_text(encoding="utf-8")):
            spec = definition["spec"]
            for version in spec["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return found


def strict(schema: Schema) -> Schema:
    """In the words of JSON Schema, and closed: an API server drops fields it does not know, or warns of them."""
    if EITHER in schema:
        return {"type": ["integer", "string"]}
    made = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes-") and key != "format"}
    if not is_regex(schema.get("pattern", "")):
        del made["pattern"]
    if "properties" in schema:
        made["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
        if not schema.get(PRESERVE):
            made["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = strict(schema["additionalProperties"])
    if "items" in schema:
        made["items"] = strict(schema["items"])
    return made


def is_regex(pattern: str) -> bool:
    """Go's are a little different."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


SCHEMAS = {key: jsonschema.Draft202012Validator(schema) for key, schema in schemas().items()}


def custom(overlay: str) -> list[Manifest]:
    return [manifest for manifest in rendered(overlay) if manifest["apiVersion"].startswith(OPERATORS)]


def check(manifest: Manifest) -> None:
    """Raises ValidationError."""
    SCHEMAS[manifest["apiVersion"], manifest["kind"]].validate(manifest)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_valid(overlay: str) -> None:
    manifests = custom(overlay)
    assert len(manifests) > 20
    for manifest in manifests:
        check(manifest)


def test_every_definition_is_used() -> None:
    used = {m["kind"] for overlay in OVERLAYS for m in rendered(overlay)}
    assert {kind for _, kind in SCHEMAS} <= used


class TestMistakes:
    def a_topic(self) -> Manifest:
        topic = next(m for m in rendered("production") if m["kind"] == "KafkaTopic")
        return {**topic, "spec": dict(topic["spec"])}

    def test_a_field_with_another_name_is_found(self):
        topic = self.a_topic()
        topic["spec"]["partition"] = topic["spec"].pop("partitions")
        with pytest.raises(jsonschema.ValidationError, match="partition"):
            check(topic)

    def test_a_value_of_another_type_is_found(self):
        topic = self.a_topic()
        topic["spec"]["partitions"] = "twelve"
        with pytest.raises(jsonschema.ValidationError, match="twelve"):
            check(topic)

    def test_a_missing_field_is_found(self):
        backup = next(m for m in rendered("production") if m["kind"] == "ScheduledBackup")
        with pytest.raises(jsonschema.ValidationError, match="schedule"):
            check({**backup, "spec": {key: value for key, value in backup["spec"].items() if key != "schedule"}})
