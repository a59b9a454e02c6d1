"""`make manifests`: what the overlays come to, written to deploy/k8s/rendered by kustomize or kubectl.

The rendered files name the digest of their sources: it tells whoever has neither program whether they are of today.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEPLOY = HERE.parent
SOURCES = (HERE / "base", HERE / "overlays", DEPLOY / "observability")
RENDERED = HERE / "rendered"
OVERLAYS = ("local", "production")
TOOLS = HERE.parents[1] / ".tools"


def renderer() -> list[str]:
    """kustomize, from .tools first (where `make tools` puts it), or kubectl; empty where there is neither."""
    if found := shutil.which("kustomize", path=TOOLS) or shutil.which("kustomize"):
        return [found, "build"]
    found = shutil.which("kubectl")
    return [found, "kustomize"] if found else []


def render(overlay: str) -> str:
    """The overlay's manifests. Raises CalledProcessError; the program says on standard error what is wrong."""
    command = [*renderer(), str(HERE / "overlays" / overlay)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603 - found above


def header() -> str:
    return f"# Written by `make manifests`; do not edit. Digest of the sources: {sources_digest()}\n"


def sources_digest() -> str:
    """Changes with the name or the content of any file that an overlay may take up; editors' hidden files are none."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in SOURCES for path in folder.rglob("[!.]*") if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(DEPLOY).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def main() -> int:
    if not renderer():
        sys.stderr.write("opsdash: kustomize or kubectl is needed to write the manifests; with Go: make tools\n")
        return 1
    RENDERED.mkdir(exist_ok=True)
    for overlay in OVERLAYS:
        (RENDERED / f"{overlay}.yaml").write_text(header() + render(overlay), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
