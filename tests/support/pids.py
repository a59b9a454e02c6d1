"""Processes that are nobody's child here any more."""

from __future__ import annotations

from pathlib import Path


def gone(pid: int) -> bool:
    """Ended, whether or not its new parent has taken notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
