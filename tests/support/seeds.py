"""The seed of what tests choose at random: another one each run, shown at its head, taken again from `SEED`."""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

NAME = "SEED"


def seed_of(*parts: str) -> int:
    """Of one test: that of the run, and another one for each test."""
    return zlib.crc32("\n".join([os.environ[NAME], *parts]).encode())


@contextmanager
def seed_told() -> Iterator[None]:
    """A failure says how to see it again."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"with {NAME}={os.environ[NAME]}")
        raise


def pytest_configure() -> None:
    """Workers are started with it."""
    given = os.environ.setdefault(NAME, str(secrets.randbelow(2**32)))
    if not given.isdecimal():
        raise pytest.UsageError(f"{NAME} must be a number, not {given!r}")


def pytest_report_header() -> str:
    return f"seed of random requests: {os.environ[NAME]} ({NAME}={os.environ[NAME]} makes the same ones again)"
