"""Makes `static/vendor` anew from the npm packages named in `vendor.lock`; for maintainers only, set-up needs no Node.

Run `python services/gateway/tools/vendor.py`; to take another version, change it in the lock first.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parents[1] / "src/opsdash_gateway/static/vendor"
LOCK = VENDOR / "vendor.lock"
ICONS = VENDOR.parent / "icons.txt"
OWN_SYMBOLS = VENDOR.parent / "own-symbols.svg"
SPRITE = "icons.svg"
STROKE = (
    'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
    'stroke-linejoin="round"'
)


def main() -> None:
    """Fetch every package once, copy the files the lock names, and write down what they are now."""
    lock: list[dict[str, Any]] = json.loads(LOCK.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for entry in lock:
            package = unpack(entry["name"], entry["version"], Path(folder))
            content = sprite(package) if entry["file"] == SPRITE else (package / entry["source"]).read_bytes()
            (VENDOR / entry["file"]).write_bytes(content)
            entry["sha256"] = sha256(content).hexdigest()
    LOCK.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


def unpack(name: str, version: str, folder: Path) -> Path:
    """The package's folder; npm checks the archive against the registry's hash."""
    target = folder / f"{name}-{version}".replace("/", "-")
    if not target.exists():
        command = ["npm", "pack", "--silent", f"{name}@{version}", "--pack-destination", str(folder)]
        archive = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]  # noqa: S603
        with tarfile.open(folder / archive) as content:
            content.extractall(target, filter="data")
    return target / "package"


def sprite(package: Path) -> bytes:
    """One SVG with the icons of `icons.txt` as symbols, and ours."""
    symbols = [symbol(package, name) for name in ICONS.read_text(encoding="utf-8").split()]
    own = OWN_SYMBOLS.read_text(encoding="utf-8").strip()
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, own, "</svg>\n"]).encode()


def symbol(package: Path, name: str) -> str:
    drawing = (package / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    found = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.DOTALL)
    if found is None:
        raise SystemExit(f"{name}.svg has no drawing")
    shapes = re.sub(r"\s*\n\s*", "", found.group(1)).strip()
    return f'<symbol id="{name}" {STROKE}>{shapes}</symbol>'


if __name__ == "__main__":
    main()
