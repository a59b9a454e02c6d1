"""Programs of the machine that tests need, left out where they are missing; a spreadsheet, promtool and a small disk.

`@pytest.mark.needs("chromium")` names an entry of NEEDS. Where workers run the tests, the process that starts them asks
what is missing, and they count what they left out.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import repeat
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from opsdash_local.postgres_binaries import give_to_server_user

from deploy.k8s.render import renderer
from tests.architecture.sources import ROOT
from tests.browser import browsers
from tests.browser.browsers import ENGINES, need_of
from tests.clients.generators import MISSING as CLIENT_TOOLS_MISSING

MEBIBYTES = 64
CAP_SYS_ADMIN = 21
BLOCK = 4096


def small_disk_missing() -> str:
    """Why there can be none here; empty when there can."""
    if _may_mount() and shutil.which("mount") and shutil.which("umount"):
        return ""
    return "a disk of 64 MiB takes a mount, and that takes root on Linux with CAP_SYS_ADMIN"


def _may_mount() -> bool:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    capabilities = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
    return os.geteuid() == 0 and bool(int(capabilities, 16) >> CAP_SYS_ADMIN & 1)


@contextmanager
def mounted_disk(folder: Path) -> Iterator[Path]:
    """The disk, for the server user of PostgreSQL."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "tmpfs", str(folder)], check=True)  # noqa: S607
    try:
        data = folder / "data"
        data.mkdir()
        give_to_server_user(data)
        yield data
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def fill_disk(file: Path) -> None:
    """Leave no block of the disk to anybody."""
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(BLOCK))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
#: Windows' numbers of languages, which decide what looks like a number and like a date.
LANGUAGES: Final = {"en": 1033, "es": 3082, "de": 1031}
OFFICE_SECONDS: Final = 120


PROMTOOL_SECONDS: Final = 120


def promtool() -> str:
    """The program in PROMTOOL, in .tools or on the PATH; empty where there is none."""
    named = os.environ.get("PROMTOOL", "")
    return (
        shutil.which(named) or ""
        if named
        else shutil.which("promtool", path=ROOT / ".tools") or shutil.which("promtool") or ""
    )


def promtool_missing() -> str:
    """Why there is none here, and the way out; empty when there is one."""
    if promtool():
        return ""
    named = os.environ.get("PROMTOOL", "")
    return (
        f"{named} does not start: name the program promtool in PROMTOOL"
        if named
        else "no promtool was found; run make promtool (Debian), or name the program in PROMTOOL"
    )


def said_by_promtool(*arguments: str | Path) -> str:
    """What Prometheus' own checker of rules complains about; empty when it accepts everything."""
    command = [promtool(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PROMTOOL_SECONDS)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def spreadsheet_missing() -> str:
    """Why there is none here, and the way out; empty when there is one."""
    return (
        "" if shutil.which("soffice") else "no soffice was found; install LibreOffice (Debian: libreoffice-calc-nogui)"
    )


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: a number or a text, and the formula it comes from."""

    value: str | float
    formula: str | None


def opened(file: Path, language: str, separators: str) -> list[list[Cell]]:
    """The rows of a CSV file as the spreadsheet of that language takes them, told to look for formulas and dates.

    The options are those of the CSV filter: separators, quotation mark, UTF-8, first line, columns as they are,
    language, quoted fields may be numbers, dates are looked for, and formulas are computed.
    """
    codes = "/".join(str(ord(separator)) for separator in separators)
    options = f"CSV:{codes},34,76,1,,{LANGUAGES[language]},false,true,false,false,false,-1,true,true"
    profile = f"-env:UserInstallation={(file.parent / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", f"--infilter={options}", "--convert-to", "fods", "--outdir"]
    subprocess.run([*command, file.parent, file], check=True, capture_output=True, timeout=OFFICE_SECONDS)
    tree = ET.parse(file.with_suffix(".fods"))  # noqa: S314 - LibreOffice wrote it
    return [list(_cells(row)) for row in tree.iter(f"{_TABLE}table-row")]


def _cells(row: ET.Element) -> Iterator[Cell]:
    for cell in row.iter(f"{_TABLE}table-cell"):
        number = cell.get(f"{_OFFICE}value") if cell.get(f"{_OFFICE}value-type") == "float" else None
        lines = ["".join(_pieces(line)) for line in cell.iter(f"{_TEXT}p")]
        value = "\n".join(lines) if number is None else float(number)
        yield from repeat(
            Cell(value, cell.get(f"{_TABLE}formula")), int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        )


def _pieces(line: ET.Element) -> Iterator[str]:
    """Spaces and tabs are elements there."""
    yield line.text or ""
    for part in line:
        yield {f"{_TEXT}s": " " * int(part.get(f"{_TEXT}c", 1)), f"{_TEXT}tab": "\t"}.get(part.tag, "")
        yield from _pieces(part)
        yield part.tail or ""


def formulas(rows: Sequence[Sequence[Cell]]) -> list[str]:
    return [cell.formula for row in rows for cell in row if cell.formula]


@dataclass(frozen=True)
class Need:
    """`missing` gives the reason and the way out as a sentence; empty when nothing is missing."""

    tests: str
    missing: Callable[[], str]


def _renderer_missing() -> str:
    return "" if renderer() else "neither kustomize nor kubectl was found; install one, or with Go: make tools"


def _kubectl_missing() -> str:
    return "" if shutil.which("kubectl") else "no kubectl was found; install it"


def _compose_missing() -> str:
    return "" if Path(sys.executable).with_name("docker-compose").exists() else "its wheel exists for Linux only"


#: What a folder of KUBEBUILDER_ASSETS has.
KUBERNETES: Final = ("etcd", "kube-apiserver", "kubectl")


def _kubernetes_missing() -> str:
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    if not folder:
        return f"KUBEBUILDER_ASSETS names no folder; it is to have {', '.join(KUBERNETES)}"
    lacking = [name for name in KUBERNETES if not shutil.which(name, path=folder)]
    return f"{folder}, named by KUBEBUILDER_ASSETS, has no {', '.join(lacking)}" if lacking else ""


def _not_installed(package: str) -> Callable[[], str]:
    return lambda: "" if find_spec(package) else "it comes with what make lint installs"


NEEDS = {
    "chromium": Need("in a browser", browsers.chromium_missing),
    "kustomize": Need("that render the manifests again", _renderer_missing),
    **{need_of(name): Need(f"of the console in {name}", engine.missing) for name, engine in ENGINES.items()},
    **{name: Need(f"with a client that needs {name}", lacking) for name, lacking in CLIENT_TOOLS_MISSING.items()},
    "kubernetes": Need("on an API server of Kubernetes", _kubernetes_missing),
    "kubectl": Need("of the kubectl commands on pages", _kubectl_missing),
    "promtool": Need("that feed the alerts their faults", promtool_missing),
    "docker-compose": Need("of the compose stack", _compose_missing),
    "spreadsheet": Need("of exported lists in a spreadsheet", spreadsheet_missing),
    "deptry": Need("of declared dependencies", _not_installed("deptry")),
    "ruff": Need("of the style of what tutorials make", _not_installed("ruff")),
    "small-disk": Need("on a disk that is full", small_disk_missing),
}
_left_out: Counter[str] = Counter()
_TOLD, _COUNTED = "missing_programs", "left_out"


@cache
def missing(name: str) -> str:
    return NEEDS[name].missing()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(program): one of {', '.join(NEEDS)}; left out where it is missing")
    _left_out.clear()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[_TOLD] = {name: missing(name) for name in NEEDS}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    told: dict[str, str] | None = getattr(config, "workerinput", {}).get(_TOLD)
    kept: list[pytest.Item] = []
    out: list[pytest.Item] = []
    for item in items:
        names = [mark.args[0] for mark in item.iter_markers("needs")]
        lacking = [name for name in names if (missing(name) if told is None else told[name])]
        _left_out.update(lacking)
        (out if lacking else kept).append(item)
    if out:
        items[:] = kept
        config.hook.pytest_deselected(items=out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and _left_out:
        session.exitstatus = pytest.ExitCode.OK  # all there was is left out, and that is said
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_COUNTED] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects, and leaves out, the same."""
    _left_out.update({} if _left_out else getattr(node, "workeroutput", {}).get(_COUNTED, {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for name, count in _left_out.items():
        tests = f"{count} test{'s' if count > 1 else ''} {NEEDS[name].tests}"
        terminalreporter.write_line(f"Left out: {tests}: {missing(name)}", yellow=True)
