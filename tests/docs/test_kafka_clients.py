"""The clients and generators that docs/how-to/integrate.md names are those of `make test-clients`, by version."""

from __future__ import annotations

import json
import re

from opsdash_local.apache.jars import kafka_version

from tests.architecture.sources import ROOT
from tests.clients import generators
from tests.clients.generators import CONSUMERS
from tests.support.repository import plain, rows, text_of

PAGE = "docs/how-to/integrate.md"
EXAMPLES = ROOT / "examples" / "clients"


def pinned() -> dict[str, tuple[str, str]]:
    """By the folder of an example: the client it is made with and its version, as its package manager reads it."""
    pom, module = (EXAMPLES / "java/pom.xml").read_text(), (EXAMPLES / "go/go.mod").read_text()
    (java,) = re.findall(r"<artifactId>(kafka-clients)</artifactId>\s+<version>(.+?)</version>", pom)
    (go,) = re.findall(r"^require github.com/twmb/(franz-go) v(\S+)$", module, re.MULTILINE)
    (node,) = json.loads((EXAMPLES / "node/package.json").read_text())["dependencies"].items()
    name, _, version = (EXAMPLES / "python/requirements.txt").read_text().strip().partition("==")
    return {"java": java, "go": go, "node": node, "python": (name, version)}


def test_every_example_is_named_with_its_client():
    table = rows(PAGE, "language", "folder", "client", "start it")
    named = {plain(row["folder"]): row["client"] for row in table}
    assert named == {f"examples/clients/{name}": " ".join(client) for name, client in pinned().items()}
    assert pinned().keys() == CONSUMERS.keys()
    assert all((EXAMPLES / name).is_dir() for name in CONSUMERS)


def test_they_are_among_those_that_were_tried():
    table = rows(PAGE, "client", "version", f"Apache Kafka {kafka_version()}", "embedded broker")
    tried = {(row["client"].partition(" (")[0], row["version"]) for row in table}
    assert set(pinned().values()) <= tried


def test_generators_are_named_in_the_versions_that_are_tested():
    text = text_of(PAGE)
    assert f"npx {generators.QUICKTYPE} " in text
    assert f"datamodel-code-generator=={generators.DATAMODEL_CODE_GENERATOR} " in text
