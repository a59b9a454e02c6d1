"""Reads entities of the workspace feed into events, strictly: the feed is the only writer of the directory."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec
from opsdash_contracts.envelope import Event, EventData
from opsdash_contracts.workspace import Company, Contact, Kind, Member, Org, Project, Removed, removed, upserted
from opsdash_http.errors.problems import FieldError, not_found, validation
from opsdash_http.errors.validation import MAXIMUM_NAME, escape
from pydantic import ValidationError

MAXIMUM_VERSION = 2**63 - 1
MAXIMUM_REPORTED_ERRORS = 100
NAMESPACE = UUID("0f6a3a58-3ad1-5f0c-8f52-2a1c7a2f9b11")

MODELS: dict[Kind, type[EventData]] = {
    Kind.ORG: Org,
    Kind.MEMBER: Member,
    Kind.CONTACT: Contact,
    Kind.COMPANY: Company,
    Kind.PROJECT: Project,
}
_CODES = {
    "missing": ("required", "This field is required."),
    "enum": ("not-allowed", "This value is not one of the allowed ones."),
    "string_too_short": ("too-short", "This value is too short."),
    "string_too_long": ("too-long", "This value is too long."),
    "string_pattern_mismatch": ("format", "This value has the wrong form."),
    "greater_than_equal": ("out-of-range", "This number is too small."),
    "less_than_equal": ("out-of-range", "This number is too large."),
}


def id_field(kind: Kind) -> str:
    """The name of the field that holds the entity's id."""
    return f"{kind.value}_id"


def kind_of(text: str, pointer: str | None = None) -> Kind:
    """Raises 404 for a kind in a path, 400 for one in a body."""
    try:
        return Kind(text)
    except ValueError:
        if pointer is None:
            raise not_found() from None
        raise validation([FieldError(pointer, *_CODES["enum"])]) from None


def put_event(kind: Kind, entity_id: UUID, body: dict[str, Any], base: str = "") -> Event[EventData]:
    """The event for the full state of an entity. Raises 400 with pointers below `base`."""
    model = MODELS[kind]
    field = id_field(kind)
    unknown = sorted(body.keys() - model.model_fields.keys())
    if unknown:
        text = "This field does not exist."
        named = [escape(name[:MAXIMUM_NAME]) for name in unknown[:MAXIMUM_REPORTED_ERRORS]]
        raise validation([FieldError(f"{base}/{name}", "unknown-field", text) for name in named])
    if field in body and body[field] != str(entity_id):
        raise validation([FieldError(f"{base}/{field}", "id-mismatch", "This is not the id of the entity.")])
    return _event(upserted(kind), entity_id, _read(model, {**body, field: str(entity_id)}, base))


def remove_event(
    kind: Kind, entity_id: UUID, org_id: UUID | None, version: int, *, base: str = "/query"
) -> Event[EventData]:
    """The event for an entity that is gone; an org belongs to itself."""
    owner = entity_id if kind is Kind.ORG else org_id
    if owner is None:
        raise validation([FieldError(f"{base}/org_id", *_CODES["missing"])])
    if kind is Kind.ORG and org_id not in {None, entity_id}:
        raise validation([FieldError(f"{base}/org_id", "id-mismatch", "This is not the id of the org.")])
    body = {"kind": kind.value, "id": str(entity_id), "org_id": str(owner), "version": version}
    return _event(removed(kind), entity_id, _read(Removed, body, base))


def _read(model: type[EventData], values: dict[str, Any], base: str) -> EventData:
    try:
        return model.model_validate_json(msgspec.json.encode(values), strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise validation([_field_error(detail, base) for detail in details]) from None


def _field_error(detail: Any, base: str) -> FieldError:
    pointer = base + "".join(f"/{escape(str(step))}" for step in detail["loc"])
    kind = str(detail["type"])
    if kind.startswith("uuid"):
        return FieldError(pointer, "uuid", "This must be a UUID.")
    if kind.endswith("_type"):
        return FieldError(pointer, "type", "This value has the wrong type.")
    return FieldError(pointer, *_CODES.get(kind, ("invalid", "This value is not valid.")))


def _event(event_type: str, entity_id: UUID, data: EventData) -> Event[EventData]:
    """The id follows from what is said, so saying it again is the same event."""
    digest = sha256(data.model_dump_json().encode()).hexdigest()
    event_id = uuid5(NAMESPACE, f"{event_type}|{entity_id}|{data.event_sequence}|{digest}")
    return Event.of(data, type=event_type, id=event_id, time=datetime.now(UTC))
