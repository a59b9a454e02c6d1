"""The software bill of materials: what services run with, by version, source and licence, as CycloneDX JSON.

The lock file says what there is, the installed packages under which licences; what browsers get lies in the gateway's
package, with files that name it. With names of distributions it is about an image: what is installed for those.
Source: CycloneDX 1.5, PEP 639.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
GATEWAY = ROOT / "services/gateway/src/opsdash_gateway"
#: The workspace itself, which is never installed.
WHOLE = "opsdash-support"
SERVES_BROWSERS = "opsdash-gateway"
EXPORT = ("export", "--frozen", "--no-default-groups", "--format", "cyclonedx1.5")
PREVIEW = ("--preview-features", "sbom-export")
_CLASSIFIER = "License :: OSI Approved :: "


def bill(uv: Path, *distributions: str) -> dict[str, Any]:
    """The document, each component with its licence where its package tells one."""
    chosen = [f"--package={distributions[0]}", "--all-groups"] if distributions else ["--all-packages"]
    command = [uv, *EXPORT, *chosen, *PREVIEW]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own
    document: dict[str, Any] = json.loads(done.stdout)
    if distributions:
        document["components"] = [one for one in document["components"] if _is_installed(one["name"])]
    document["components"] += [_of_ours(name) for name in distributions]
    for component in document["components"]:
        if licence := licence_of(component):
            component["licenses"] = [licence]
    if not distributions or SERVES_BROWSERS in distributions:
        document["components"] += _of_browsers()
    return document


def _of_ours(name: str) -> dict[str, Any]:
    """A distribution that an image is made for, which its own export does not list."""
    return {"type": "library", "bom-ref": f"image:{name}", "name": name, "version": version(name)}


def _of_browsers() -> list[dict[str, Any]]:
    """Libraries from npm that the gateway serves, each once."""
    entries = json.loads((GATEWAY / "static/vendor/vendor.lock").read_text(encoding="utf-8"))
    page = json.loads((GATEWAY / "rest/docs_page/vendored.json").read_text(encoding="utf-8"))
    known = {(entry["name"], entry["version"], entry["licence"]) for entry in entries}
    known.add((page["package"], page["version"], page["licence"]))
    return [
        {
            "type": "library",
            "bom-ref": f"npm:{name}@{release}",
            "name": name,
            "version": release,
            "purl": f"pkg:npm/{quote(name)}@{release}",
            "licenses": [{"expression": licence}],
        }
        for name, release, licence in sorted(known)
    ]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def licence_of(component: Mapping[str, Any]) -> dict[str, Any] | None:
    """As CycloneDX writes it: an SPDX expression, or a name. None for what is not installed on this platform."""
    try:
        told = metadata(component["name"])
    except PackageNotFoundError:
        return _licence_of_the_whole() if component["name"] == WHOLE else None
    if expression := told.get("License-Expression"):
        return {"expression": expression}
    names = [value.removeprefix(_CLASSIFIER) for value in told.get_all("Classifier", []) if _CLASSIFIER in value]
    text = ", ".join(names) or (told.get("License") or "").strip().partition("\n")[0]
    return {"license": {"name": text}} if text else None


def _licence_of_the_whole() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"expression": project["license"]}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Print the software bill of materials of services (CycloneDX).")
    parser.add_argument("distributions", nargs="*", help="of one image: its service, and what was added")
    parser.add_argument("--uv", type=Path, default=Path(sys.executable).with_name("uv"))
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    json.dump(bill(given.uv, *given.distributions), sys.stdout, indent=1)
    sys.stdout.write("\n")
