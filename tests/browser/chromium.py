"""Which Chromium the tests drive: the system's own, nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: A full browser also builds its own window around every page, which costs more than most pages.
LIGHTEST_FIRST = ("chromium-headless-shell", *NAMES)
HOW_TO_GET_IT = "install one (Debian: apt-get install chromium-headless-shell) or name its program in CHROMIUM"
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def program(names: Sequence[str] = NAMES) -> str | None:
    """Path of the first of these browsers, or None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in names if (found := shutil.which(name))), None)


def arguments() -> list[str]:
    """Root has no sandbox to give; everybody else keeps it."""
    return [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
