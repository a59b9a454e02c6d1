"""Settings of the comments service."""

from __future__ import annotations

from typing import Annotated

from opsdash_chassis.settings import DatabaseSettings, NonEmpty
from pydantic import AfterValidator


def _check_http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or "@" in value or "?" in value or "#" in value:
        raise ValueError("must be a plain http:// or https:// URL")
    return value.rstrip("/")


class CommentsSettings(DatabaseSettings):
    """Besides the database: where to ask about a ticket whose events have not arrived."""

    tickets_url: Annotated[NonEmpty, AfterValidator(_check_http_url)]
