"""The browsers that tests drive: Chromium by Playwright, and all engines by WebDriver. Nothing is downloaded.

The browser tests, `make screenshots` and `make bench-console` all start Chromium here.

Firefox and Chromium run without a window; WebKitGTK has none without a display, so it gets one that nobody sees (Xvfb).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser
    from selenium.webdriver.remote.webdriver import WebDriver

#: The lightest first: a full browser also builds its own window around every page, which costs more than most pages.
CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--in-process-gpu",
    "--no-first-run",
]
CHROMIUM_START_SECONDS = 60


def chromium_program() -> str | None:
    """Path of the browser, or None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def chromium_missing() -> str:
    """Why no browser starts here and what to do about it, as a sentence; empty when one does."""
    found = chromium_program()
    if found is None:
        return (
            "no Chromium was found; install one (Debian: apt-get install chromium-headless-shell)"
            " or name its program in CHROMIUM"
        )
    command = [found, *CHROMIUM_ARGUMENTS, *chromium_sandbox(), "--headless", "--dump-dom", "about:blank"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=CHROMIUM_START_SECONDS)
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
async def launched_chromium() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright  # every run of any test asks this module what is missing

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_program(), args=CHROMIUM_ARGUMENTS, chromium_sandbox=not chromium_sandbox()
        )
        try:
            yield browser
        finally:
            await browser.close()


def chromium_sandbox() -> list[str]:
    """The argument about it: root has none to give; everybody else keeps it."""
    return [] if os.geteuid() else ["--no-sandbox"]


WINDOW = (1440, 900)
_MINI_BROWSERS = "lib/*/webkit2gtk-4.*/MiniBrowser", "libexec/webkit2gtk-4.*/MiniBrowser"


@dataclass(frozen=True)
class Engine:
    """A browser: the programs it needs, what brings them, and how it is started."""

    programs: tuple[str, ...]
    install: str
    start: Callable[[], Iterator[WebDriver]]

    def missing(self) -> str:
        """What is missing and the way out, as a sentence; empty when it can start."""
        lacking = [name for name in self.programs if _found(name) is None]
        return f"no {' and no '.join(lacking)} was found; install {self.install}" if lacking else ""


def _found(name: str) -> str | None:
    if name == "MiniBrowser":
        return next((str(path) for pattern in _MINI_BROWSERS for path in sorted(Path("/usr").glob(pattern))), None)
    beside = Path.home() / ".cargo/bin" / name
    return shutil.which(name) or (str(beside) if beside.exists() else None)


def _firefox() -> Iterator[WebDriver]:
    from selenium.webdriver import Firefox, FirefoxOptions
    from selenium.webdriver.firefox.service import Service

    options = FirefoxOptions()
    options.binary_location = _found("firefox-esr") or ""
    options.add_argument("-headless")
    options.accept_insecure_certs = True
    options.set_preference("intl.accept_languages", "en-GB")
    yield Firefox(options, Service(_found("geckodriver")))


def _webkit() -> Iterator[WebDriver]:
    from selenium.webdriver import WebKitGTK
    from selenium.webdriver.webkitgtk.options import Options
    from selenium.webdriver.webkitgtk.service import Service

    options = Options()
    options.binary_location = _found("MiniBrowser") or ""
    options.add_argument("--automation")
    options.accept_insecure_certs = True
    with _display() as name:
        yield WebKitGTK(options, service=Service(_found("WebKitWebDriver"), env={**os.environ, "DISPLAY": name}))


def _chromium() -> Iterator[WebDriver]:
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = chromium_program() or ""
    options.accept_insecure_certs = True
    for argument in (*CHROMIUM_ARGUMENTS, "--headless", *chromium_sandbox()):
        options.add_argument(argument)
    yield Chrome(options, Service(_found("chromedriver")))


@contextmanager
def _display() -> Iterator[str]:
    """A display of our own; the server chooses a free number and says it."""
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        f"{WINDOW[0]}x{WINDOW[1] + 200}x24",
        "-nolisten",
        "tcp",
    ]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as said:
            yield f":{said.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


ENGINES = {
    "chromium": Engine(("chromedriver",), "it (Debian: apt-get install chromium-driver)", _chromium),
    "firefox": Engine(
        ("firefox-esr", "geckodriver"),
        "them (Debian: apt-get install firefox-esr; cargo install geckodriver)",
        _firefox,
    ),
    "webkit": Engine(
        ("WebKitWebDriver", "MiniBrowser", "Xvfb"), "them (Debian: apt-get install webkit2gtk-driver xvfb)", _webkit
    ),
}


def need_of(name: str) -> str:
    """What a test needs that drives it, for `pytest.mark.needs`."""
    return f"webdriver-{name}"


@contextmanager
def driven(name: str) -> Iterator[WebDriver]:
    """The browser with one window of the usual size; it ends with the block."""
    with contextmanager(ENGINES[name].start)() as driver:
        try:
            driver.set_window_rect(0, 0, *WINDOW)
            yield driver
        finally:
            driver.quit()
