"""Answers kept as bytes: `GOLDEN=write` in the environment stores those of today, anything else compares with them."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


def assert_as_stored(stored: Path, body: object) -> None:
    """The JSON of the body is the file, byte by byte."""
    encoded = msgspec.json.encode(body)
    if os.environ.get("GOLDEN") == "write":
        stored.write_bytes(encoded)
    assert encoded == stored.read_bytes()
