"""The Kubernetes manifests as they were rendered and committed, read without a program of the machine's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from deploy.k8s.render import OVERLAYS, RENDERED

__all__ = ["OVERLAYS", "Manifest", "loaded", "named", "of_kind", "pods", "rendered"]

Manifest = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    return loaded((RENDERED / f"{overlay}.yaml").read_text(encoding="utf-8"))


def loaded(text: str) -> tuple[Manifest, ...]:
    return tuple(yaml.load_all(text, yaml.CSafeLoader))


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
