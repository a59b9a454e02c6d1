"""Asks the comments service for the text of a comment."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from uuid import UUID

from opsdash_http.client.internal_client import InternalClient
from opsdash_tenancy.excerpts import Excerpt

from opsdash_notifications.settings import NotificationsSettings


class CommentClient:
    """A client of the internal routes of the comments service."""

    def __init__(self, settings: NotificationsSettings) -> None:
        self._client = InternalClient("comments", settings.comments_url, settings.token_to_comments.get_secret_value())

    def open(self) -> AbstractAsyncContextManager[None]:
        return self._client.open()

    async def text(self, org_id: UUID, reader: UUID, comment_id: UUID) -> Excerpt | None:
        """How it begins; None where the reader may not see it. Raises Unavailable."""
        path = f"/internal/orgs/{org_id}/readers/{reader}/comments/{comment_id}/text"
        return await self._client.find(path, Excerpt, otherwise="The text of the comment cannot be had just now.")
