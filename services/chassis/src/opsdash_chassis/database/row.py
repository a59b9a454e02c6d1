"""Base of the structs that repositories answer with."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One row of one statement: fields named as the statement's columns, in their order."""
