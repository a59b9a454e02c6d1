"""What team channels need of a process: the chats, and the secret that addresses are encrypted with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from opsdash_http.client.typed_address import AddressRefused
from opsdash_http.security.encryption import StoredSecrets, UnreadableSecret

from opsdash_notifications.chat.address import ChatAddress
from opsdash_notifications.chat.client import ChatClient
from opsdash_notifications.errors import ChannelsNotSetUp, FieldProblem, InvalidFields

log = structlog.get_logger(__name__)

#: The name by which an operator knows the secret.
SETTING: Final = "OPSDASH_CHANNEL_SECRET"
_PURPOSE: Final = "team channel"


@dataclass(frozen=True, slots=True)
class ChannelSetup:
    """Without `secrets` no channel can be used; everything else works."""

    chat: ChatClient
    secrets: StoredSecrets | None

    @classmethod
    def of(cls, chat: ChatClient, secrets: str | None) -> ChannelSetup:
        """`secrets` is one secret, or `new,old` while it is rotated."""
        stored = None if secrets is None else StoredSecrets(secrets, setting=SETTING, purpose=_PURPOSE)
        return cls(chat, stored)

    @property
    def encryption(self) -> StoredSecrets:
        """Raises ChannelsNotSetUp."""
        if self.secrets is None:
            raise ChannelsNotSetUp
        return self.secrets

    def check_set_up(self) -> None:
        """Raises ChannelsNotSetUp."""
        _ = self.encryption

    def decrypt(self, encrypted: str, channel_id: UUID) -> str:
        """Raises ChannelsNotSetUp where no secret of the settings decrypts it, and says so to the operator."""
        try:
            return self.encryption.decrypt(encrypted, channel_id)
        except UnreadableSecret as error:
            log.error("team_address_unreadable", channel_id=str(channel_id), reason=str(error))
            raise ChannelsNotSetUp from error

    def is_same(self, encrypted: str, channel_id: UUID, address: str) -> bool:
        """False too for one that cannot be read: then it is replaced."""
        try:
            return self.encryption.decrypt(encrypted, channel_id) == address
        except UnreadableSecret:
            return False

    async def check(self, address: str) -> ChatAddress:
        """Raises InvalidFields for one that no message is sent to."""
        try:
            return await self.chat.check(address)
        except AddressRefused as error:
            raise InvalidFields([FieldProblem("/address", "address-refused", str(error))]) from error
