"""The version of an object against those a write expects."""

from __future__ import annotations

from typing import TypeAlias

from opsdash_tenancy.errors import StaleVersion

#: Versions one of which must be the current one; None when any will do.
ExpectedVersions: TypeAlias = frozenset[int] | None


def check_version(current: int, expected: ExpectedVersions) -> None:
    """Raise StaleVersion unless the current version is one of the expected."""
    if expected is not None and current not in expected:
        raise StaleVersion(current)
