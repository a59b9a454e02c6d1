"""promtool, Prometheus' own checker of rules, run on rules and the series they are to judge."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.architecture.sources import ROOT

TOOLS = ROOT / ".tools"
SECONDS = 120


def promtool() -> str:
    """The program in PROMTOOL, in .tools or on the PATH; empty where there is none."""
    named = os.environ.get("PROMTOOL", "")
    return (
        shutil.which(named) or "" if named else shutil.which("promtool", path=TOOLS) or shutil.which("promtool") or ""
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


def said_by(*arguments: str | Path) -> str:
    """What it complains about; empty when it accepts everything."""
    command = [promtool(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    return "" if done.returncode == 0 else done.stdout + done.stderr
