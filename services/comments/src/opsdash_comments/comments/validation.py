"""Values of a request as the domain takes them."""

from __future__ import annotations

from opsdash_chassis.text.blank import is_blank

from opsdash_comments.errors import FieldProblem, InvalidFields

MAXIMUM_BODY = 10_000
#: A page has at most so many comments, or texts, and the JSON of them so many bytes; one always fits.
PAGE = 50
PAGE_BYTES = 1_000_000


def body(text: str) -> str:
    """Stored as it came, but something must be visible. Raises InvalidFields."""
    if is_blank(text):
        raise InvalidFields([FieldProblem("/body", "blank", "must have a visible character")])
    return text
