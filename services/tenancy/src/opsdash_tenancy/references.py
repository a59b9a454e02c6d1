"""An object's id, in any spelling, or its number in the org."""

from __future__ import annotations

from uuid import UUID

from opsdash_tenancy.errors import NotFound

_MAXIMUM_NUMBER = 2**63 - 1


def id_or_number(text: str) -> UUID | int:
    """Raises NotFound: what is neither cannot exist."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(_MAXIMUM_NUMBER)) and int(text) <= _MAXIMUM_NUMBER:
        return int(text)
    return object_id(text)


def object_id(text: str) -> UUID:
    """Raises NotFound."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
