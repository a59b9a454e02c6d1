"""CloudEvents 1.0 in Kafka binary mode: attributes in headers, JSON in the value, aggregate id as the key.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import StringConstraints, ValidationError, model_validator
from pydantic_core import from_json

from opsdash_contracts import headers as wire
from opsdash_contracts.base import AnyUtc, EventData, Frozen, Version
from opsdash_contracts.errors import InvalidMessage, UnknownEventType, summary
from opsdash_contracts.registry import model_for

__all__ = ["Envelope", "Event", "EventData", "InvalidMessage", "UnknownEventType", "decode"]

_DATASCHEMA = r"^urn:opsdash:[a-z0-9_.-]{1,100}:v[1-9][0-9]{0,3}$"

T = TypeVar("T", bound=EventData)


class Envelope(Frozen):
    """All of an event but its payload: `subject` is the aggregate's id, `sequence` its version.

    `partition_key` is the record key where that is not the subject (CloudEvents partitioning extension).
    """

    id: UUID
    type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,100}$")]
    source: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
    subject: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
    time: AnyUtc
    org_id: UUID | None = None
    sequence: Version
    actor_id: UUID | None = None
    partition_key: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")] | None = None
    dataschema: Annotated[str, StringConstraints(pattern=_DATASCHEMA)]
    traceparent: Annotated[str, StringConstraints(pattern=wire.TRACEPARENT_PATTERN)] | None = None
    replayed: bool = False

    @model_validator(mode="after")
    def _dataschema_names_the_type(self) -> Self:
        if self.dataschema != dataschema_of(self.type, self.schema_version):
            raise ValueError("the data schema names another event type")
        return self

    @property
    def schema_version(self) -> int:
        return int(self.dataschema.rpartition(":v")[2])

    def to_headers(self) -> list[tuple[str, bytes]]:
        """Record headers; `ce_orgid` is absent where no org is concerned, `ce_actorid` for the system."""
        pairs: list[tuple[str, str | None]] = [
            ("ce_id", str(self.id)),
            ("ce_type", self.type),
            ("ce_source", self.source),
            ("ce_subject", self.subject),
            ("ce_time", self.time.isoformat().replace("+00:00", "Z")),
            ("ce_specversion", wire.SPEC_VERSION),
            ("ce_dataschema", self.dataschema),
            ("content-type", wire.CONTENT_TYPE),
            (wire.ORG, None if self.org_id is None else str(self.org_id)),
            ("ce_sequence", str(self.sequence)),
            ("ce_actorid", None if self.actor_id is None else str(self.actor_id)),
            ("ce_partitionkey", self.partition_key),
            ("traceparent", self.traceparent),
            ("ce_replayed", "true" if self.replayed else None),
        ]
        return [(name, value.encode()) for name, value in pairs if value is not None]

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> Self:
        """Raises InvalidMessage: headers-not-utf8, missing-header, duplicate-header or bad-header."""
        found = wire.read(headers)
        fields = {name: found.get(header) for name, header in _HEADER_OF.items()}
        try:
            return cls.model_validate(
                {
                    **fields,
                    "replayed": found.get("ce_replayed") == "true",
                    "traceparent": wire.traceparent(found),
                }
            )
        except ValidationError as error:
            raise InvalidMessage("bad-header", summary(error)) from None


_HEADER_OF = {
    "id": "ce_id",
    "type": "ce_type",
    "source": "ce_source",
    "subject": "ce_subject",
    "time": "ce_time",
    "org_id": wire.ORG,
    "sequence": "ce_sequence",
    "actor_id": "ce_actorid",
    "partition_key": "ce_partitionkey",
    "dataschema": "ce_dataschema",
}


def dataschema_of(event_type: str, version: int) -> str:
    return f"urn:opsdash:{event_type}:v{version}"


@dataclass(frozen=True, slots=True)
class Event(Generic[T]):
    """An envelope and a payload that agree: making one of two that do not raises InvalidMessage."""

    envelope: Envelope
    data: T

    def __post_init__(self) -> None:
        envelope, data = self.envelope, self.data
        if not isinstance(data, model_for(envelope.type, envelope.schema_version)):
            raise InvalidMessage("schema", f"{type(data).__name__} is not the payload of {envelope.type}")
        if envelope.subject != data.event_subject:
            raise InvalidMessage("key-mismatch", "ce_subject is not the id in the body")
        if (envelope.partition_key or envelope.subject) != data.event_key:
            raise InvalidMessage("key-mismatch", "ce_partitionkey is not the id in the body")
        if envelope.org_id != data.event_org_id:
            raise InvalidMessage("org-mismatch", "ce_orgid is not the organisation in the body")
        if envelope.sequence != data.event_sequence:
            raise InvalidMessage("sequence-mismatch", "ce_sequence is not the version in the body")
        try:
            data.check_as(envelope.type)
        except ValueError as error:
            raise InvalidMessage("schema", str(error)) from None

    @classmethod
    def of(
        cls,
        data: T,
        *,
        type: str,  # noqa: A002 - the CloudEvents name, keyword-only
        id: UUID,  # noqa: A002 - the same
        time: datetime,
        actor_id: UUID | None = None,
        traceparent: str | None = None,
    ) -> Self:
        """Wrap a payload: source, subject, organisation, sequence and data schema follow from it."""
        envelope = Envelope(
            id=id,
            type=type,
            source=data.event_source,
            subject=data.event_subject,
            time=time,
            org_id=data.event_org_id,
            sequence=data.event_sequence,
            actor_id=actor_id,
            partition_key=None if data.event_key == data.event_subject else data.event_key,
            dataschema=dataschema_of(type, data.schema_version),
            traceparent=traceparent,
        )
        return cls(envelope, data)

    @property
    def key(self) -> bytes:
        return self.data.event_key.encode()

    def value(self) -> bytes:
        """The exact JSON that goes on the wire."""
        return self.data.model_dump_json().encode()


def decode(headers: Iterable[tuple[str, bytes]], key: bytes | None, value: bytes | None) -> Event[EventData]:
    """Read one Kafka record. Raises UnknownEventType (acknowledge it) or InvalidMessage (dead letter)."""
    envelope = Envelope.from_headers(headers)
    model = model_for(envelope.type, envelope.schema_version)
    if model.of_an_org and envelope.org_id is None:
        wire.require((), [wire.ORG])
    if envelope.source != model.event_source:
        raise InvalidMessage("foreign-source", "ce_source is not the producer of such events")
    event = Event(envelope, _payload(model, value))
    if key != event.key:
        raise InvalidMessage("key-mismatch", "the record key is not the id in the body")
    return event


def _payload(model: type[EventData], value: bytes | None) -> EventData:
    if not value:
        raise InvalidMessage("empty-value", "the record has no value")
    try:
        body: Any = from_json(value, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidMessage("bad-json", str(error)) from None
    if not isinstance(body, dict):
        raise InvalidMessage("bad-json", "the value is not a JSON object")
    try:
        return model.model_validate_json(value, strict=True, by_name=False)
    except ValidationError as error:
        raise InvalidMessage("schema", summary(error)) from None
