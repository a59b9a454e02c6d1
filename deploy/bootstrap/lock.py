"""What uv.lock says that must be known before uv is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def locked_uv(root: Path = ROOT) -> str:
    """A pip requirement with the version and every hash that uv.lock names for uv."""
    packages = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]
    package = next(entry for entry in packages if entry["name"] == "uv")
    hashes = " ".join(f"--hash={wheel['hash']}" for wheel in package["wheels"])
    return f"uv=={package['version']} {hashes}\n"
