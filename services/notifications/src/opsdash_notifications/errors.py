"""What the notifications service refuses; `problems.py` turns these into answers."""

from __future__ import annotations

from uuid import UUID

from opsdash_contracts.workspace import Plate
from opsdash_tenancy.errors import DomainError, FieldProblem, InvalidFields, NotFound

__all__ = [
    "ChannelLimitReached",
    "ChannelsNotSetUp",
    "FieldProblem",
    "InvalidFields",
    "MessageNotTaken",
    "NotFound",
    "TicketUnknown",
    "TooManyReminders",
    "TooManyWatchers",
]


class TooManyWatchers(DomainError):
    """As many people watch the ticket as may."""


class ChannelsNotSetUp(DomainError):
    """The operator has not named the secret that addresses of channels are encrypted with."""


class ChannelLimitReached(DomainError):
    """The org has as many team channels as its plate allows."""

    def __init__(self, plate: Plate, *, limit: int, used: int) -> None:
        super().__init__(plate)
        self.plate = plate
        self.limit = limit
        self.used = used


class MessageNotTaken(DomainError):
    """A chat has not taken the message of a test; `words` say why, without secrets."""

    def __init__(self, words: str) -> None:
        super().__init__("a chat has not taken a test")
        self.words = words


class TooManyReminders(DomainError):
    """The person has as many reminders in the org as may be."""


class TicketUnknown(Exception):
    """No event has told of the ticket: the tickets service is asked first."""

    def __init__(self, org_id: UUID, reference: UUID | int) -> None:
        super().__init__(reference)
        self.org_id = org_id
        self.reference = reference
