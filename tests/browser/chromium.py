"""Which Chromium is driven, and how: the system's own, nothing is downloaded.

The browser tests, `make screenshots` and `make bench-console` all start it here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser

#: The lightest first: a full browser also builds its own window around every page, which costs more than most pages.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--in-process-gpu",
    "--no-first-run",
]
START_SECONDS = 60


def program() -> str | None:
    """Path of the browser, or None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def missing() -> str:
    """Why no browser starts here and what to do about it, as a sentence; empty when one does."""
    found = program()
    if found is None:
        return (
            "no Chromium was found; install one (Debian: apt-get install chromium-headless-shell)"
            " or name its program in CHROMIUM"
        )
    command = [found, *ARGUMENTS, *sandbox(), "--headless", "--dump-dom", "about:blank"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{found} does not start: {error}; install another Chromium or name its program in CHROMIUM"
    if "No usable sandbox" in done.stderr:
        return (
            f"{found} has no sandbox here, because this system lets ordinary users make no namespaces;"
            " install its setuid helper (Debian: apt-get install chromium-sandbox)"
        )
    if done.returncode != 0:
        said = done.stderr.strip().rpartition("\n")[2]
        return f"{found} ended with {done.returncode}: {said}; install another Chromium or name its program in CHROMIUM"
    return ""


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright  # every run of any test asks this module what is missing

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program(), args=ARGUMENTS, chromium_sandbox=not sandbox()
        )
        try:
            yield browser
        finally:
            await browser.close()


def sandbox() -> list[str]:
    """The argument about it: root has none to give; everybody else keeps it."""
    return [] if os.geteuid() else ["--no-sandbox"]
