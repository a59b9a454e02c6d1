"""The console's static files: joined, named by their content, compressed once."""

from __future__ import annotations

import gzip
import mimetypes
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parents[2] / "static"
PREFIX: Final = "/static/"
#: Files whose order matters; the others of all rooms follow by name.
FIRST_STYLES: Final = ("tokens.css", "base.css", "parts.css")
FIRST_SCRIPTS: Final = ("core.js", "drafts.js")
#: The folder of what is not ours, beside those of the rooms.
VENDORED: Final = "vendor"
#: htmx starts when it is read, so our listeners stand before it.
LAST_SCRIPTS: Final = ("htmx.js",)
#: Loaded by themselves: before the first paint, or on first use.
ALONE: Final = (
    "shell/theme.js",
    "shell/tour.js",
    "vendor/driver.js",
    "vendor/driver.css",
    "vendor/icons.svg",
    "favicon.svg",
)
FONTS: Final = ("vendor/inter-latin.woff2", "vendor/inter-latin-ext.woff2")
_COMPRESSIBLE: Final = frozenset({"text/css", "text/javascript", "image/svg+xml"})
_URL = re.compile(r'url\("([^"/:]+)"\)')


@dataclass(frozen=True)
class Asset:
    """One file as it is served."""

    address: str
    media_type: str
    content: bytes
    compressed: bytes | None


class Assets:
    """All of them, by plain name for templates and by served name for browsers."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._by_name: dict[str, Asset] = {}
        self._served: dict[str, Asset] = {}
        for path in (*FONTS, *ALONE):
            if (folder / path).exists():
                self._add(Path(path).name, (folder / path).read_bytes())
        self._add("app.css", self._with_addresses(self._joined("css", FIRST_STYLES)))
        own = self._joined("js", FIRST_SCRIPTS, without={Path(path).name for path in ALONE})
        libraries = [(folder / "vendor" / name).read_text(encoding="utf-8") for name in LAST_SCRIPTS]
        self._add("app.js", "\n;".join([own, *libraries]).encode())

    def address(self, name: str) -> str:
        """Where browsers find it. Raises KeyError for a name that does not exist."""
        return self._by_name[name].address

    def served(self, name: str) -> Asset | None:
        return self._served.get(name)

    def _add(self, name: str, content: bytes) -> None:
        stem, _, suffix = name.rpartition(".")
        served = f"{stem}.{sha256(content).hexdigest()[:12]}.{suffix}"
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        compressed = gzip.compress(content, 9, mtime=0) if media_type in _COMPRESSIBLE else None
        self._by_name[name] = self._served[served] = Asset(PREFIX + served, media_type, content, compressed)

    def _joined(self, kind: str, first: Iterable[str], without: Iterable[str] = ()) -> str:
        ours = {path.name: path for path in self._folder.glob(f"*/*.{kind}") if path.parent.name != VENDORED}
        others = sorted(ours.keys() - {*first, *without})
        return "\n".join(ours[name].read_text(encoding="utf-8") for name in (*first, *others))

    def _with_addresses(self, styles: str) -> bytes:
        return _URL.sub(lambda found: f'url("{self.address(found[1])}")', styles).encode()
