"""The frozen base of every event payload and the field types payloads are made of."""

import re
from abc import abstractmethod
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, TypeAlias
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
NO_NUL = r"^[^\x00]*$"  # PostgreSQL text cannot hold U+0000

#: Or a part of one.
JsonSchema: TypeAlias = dict[str, Any]


def _read_rfc_3339(value: object) -> datetime:
    """Pydantic alone would also read a bare number as seconds since 1970, which no producer ever means."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        return datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime):
        raise ValueError("must be an RFC 3339 date-time with an offset")  # noqa: TRY004 - pydantic reports it
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the calendar in UTC") from None


def _within_living_memory(value: datetime) -> datetime:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError(f"year must be {_FIRST_YEAR} to {_LAST_YEAR}")
    return value


AnyUtc = Annotated[AwareDatetime, BeforeValidator(_read_rfc_3339), AfterValidator(_in_utc)]
Utc = Annotated[AnyUtc, AfterValidator(_within_living_memory)]
Version = Annotated[int, Field(ge=1, le=2**63 - 1)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Email = Annotated[str, StringConstraints(min_length=1, max_length=320, pattern=NO_NUL)]


class Frozen(BaseModel):
    """Immutable, forward compatible: fields a newer producer added are ignored on read."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )


class EventData(Frozen):
    """Base of all payloads: which event types carry it, and what must agree with the message around it.

    `event_source` is `ce_source`: `/services/` and the one producer of their topic.
    """

    event_types: ClassVar[tuple[str, ...]] = ()
    event_source: ClassVar[str]
    schema_version: ClassVar[int] = 1
    of_an_org: ClassVar[bool] = True

    @property
    @abstractmethod
    def event_key(self) -> str:
        """The Kafka key: events with the same key keep their order."""

    @property
    def event_subject(self) -> str:
        """The aggregate's id, `ce_subject`; what is keyed by something else than its own id says so."""
        return self.event_key

    @property
    @abstractmethod
    def event_org_id(self) -> UUID | None:
        """The org it belongs to, `ce_orgid`; None exactly where `of_an_org` is False."""

    @property
    @abstractmethod
    def event_sequence(self) -> int:
        """Which of two events with the same key is the newer one, `ce_sequence`."""

    def check_as(self, event_type: str) -> None:
        """Raise ValueError when this payload makes no sense under that event type."""

    @classmethod
    def narrow(cls, event_type: str, properties: JsonSchema) -> None:
        """Write the part of `check_as` that JSON Schema can say into the schema of that event type."""


class OrgEventData(EventData):
    """Base of the payloads that belong to an org and count the versions of what they are about."""

    org_id: UUID
    version: Version

    @property
    def event_org_id(self) -> UUID:
        return self.org_id

    @property
    def event_sequence(self) -> int:
        return self.version
