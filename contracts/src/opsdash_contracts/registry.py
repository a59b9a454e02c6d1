"""Which payload model reads which event type and schema version."""

from typing import Final

from opsdash_contracts.base import EventData
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.errors import InvalidMessage, UnknownEventType
from opsdash_contracts.notices import Notice
from opsdash_contracts.requests import (
    CommentsRequestsCounted,
    GatewayRequestsCounted,
    NotificationsRequestsCounted,
    TicketsRequestsCounted,
)
from opsdash_contracts.sessions import SessionEnded
from opsdash_contracts.sla import SlaNotice, SlaOutcome, SlaTimer
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.usage import UsageNotice
from opsdash_contracts.workspace import Company, Contact, Member, Org, Project, Removed

MODELS: Final[tuple[type[EventData], ...]] = (
    TicketEvent,
    UsageNotice,
    CommentEvent,
    SlaTimer,
    SlaNotice,
    SlaOutcome,
    Org,
    Member,
    Contact,
    Company,
    Project,
    Removed,
    SessionEnded,
    GatewayRequestsCounted,
    TicketsRequestsCounted,
    CommentsRequestsCounted,
    NotificationsRequestsCounted,
    Notice,
)

_BY_TYPE: Final[dict[str, dict[int, type[EventData]]]] = {}
for _model in MODELS:
    for _event_type in _model.event_types:
        _BY_TYPE.setdefault(_event_type, {})[_model.schema_version] = _model


def event_types() -> dict[str, list[int]]:
    """Every event type this release can read, with its schema versions in order."""
    return {event_type: sorted(versions) for event_type, versions in _BY_TYPE.items()}


def model_for(event_type: str, version: int) -> type[EventData]:
    """Raises UnknownEventType, or InvalidMessage (unknown-version) when only the version is unknown."""
    versions = _BY_TYPE.get(event_type)
    if versions is None:
        raise UnknownEventType(event_type)
    if version not in versions:
        raise InvalidMessage("unknown-version", f"{event_type} has no schema version {version} here")
    return versions[version]
