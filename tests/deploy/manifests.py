"""The Kubernetes manifests as the real renderer makes them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from tests.architecture.sources import ROOT

K8S = ROOT / "deploy" / "k8s"
OVERLAYS = ("local", "production")
Manifest = dict[str, Any]


def renderer() -> list[str]:
    """kustomize or kubectl, from .tools (where `.ci/run` puts the former) or from the path."""
    if found := shutil.which("kustomize", path=ROOT / ".tools") or shutil.which("kustomize"):
        return [found, "build"]
    if found := shutil.which("kubectl"):
        return [found, "kustomize"]
    pytest.fail("kubectl or kustomize is needed; with Go: make tools")


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    command = [*renderer(), str(K8S / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    return [manifest for manifest in rendered(overlay) if manifest["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> Manifest:
    (found,) = (manifest for manifest in of_kind(overlay, kind) if manifest["metadata"]["name"] == name)
    return found


def pods(overlay: str) -> Iterator[tuple[str, Manifest]]:
    """Name and pod template of everything of ours that runs."""
    for manifest in of_kind(overlay, "Deployment", "Job", "CronJob"):
        spec = manifest["spec"]["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else manifest["spec"]
        yield manifest["metadata"]["name"], spec["template"]
