"""What the search index holds of a ticket: its own texts, and those of whom it is for."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from opsdash_chassis.text import search_index
from opsdash_chassis.text.search_index import Weight

#: The fields of the index, by the name that answers have for them.
FIELDS: Final = {"title": Weight.A, "contact": Weight.B, "company": Weight.C, "description": Weight.D}
#: What makes a ticket found by other words when it changes.
SOURCES: Final = frozenset({"title", "description", "contact_id"})


def index_of(org_id: UUID, title: str, description: str, contact: str, company: str) -> str:
    """The ticket's `tsvector`. `contact` is the name and the e-mail address."""
    texts = {"title": title, "contact": contact, "company": company, "description": description}
    fields = [(weight, texts[field]) for field, weight in FIELDS.items()]
    return search_index.vector(org_id, fields, whole=search_index.title_lexeme(title))
