"""One event as one line for people, or as one JSON object for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from opsdash_contracts.base import EventData
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event, InvalidMessage
from opsdash_contracts.sla import SlaEvent, SlaNotice, SlaTimer
from opsdash_contracts.tickets import FieldChange, TextChanged, TicketEvent
from rich.text import Text

from opsdash_local.events.directory import Directory

TITLE_LENGTH = 48
PERSON_FIELDS = {"assignee_id", "contact_id", "project_id", "created_by"}


@dataclass(frozen=True)
class Place:
    """Where a record lies."""

    topic: str
    partition: int
    offset: int

    @property
    def short(self) -> str:
        """`opsdash.support.tickets.v1` is `tickets`."""
        return self.topic.split(".")[-2] if self.topic.count(".") else self.topic


def line(event: Event[EventData], place: Place, directory: Directory) -> Text:
    """Time, topic, type, org, subject, actor, version and what changed; safe for terminals."""
    envelope = event.envelope
    actor = "system" if envelope.actor_id is None else directory.name(envelope.actor_id)
    text = Text()
    text.append(f"{envelope.time.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z ", style="dim")
    text.append(f"{place.short:<9} ", style="cyan")
    text.append(f"{envelope.type:<27} ", style="bold")
    org = "no org" if envelope.org_id is None else directory.org(envelope.org_id)
    text.append(f"{printable(org):<12} ", style="magenta")
    text.append(printable(subject(event.data)))
    text.append(f"  by {printable(actor)}  v{envelope.sequence}", style="dim")
    if isinstance(event.data, TicketEvent | CommentEvent) and event.data.changes:
        text.append(f"  {printable(changes(event.data, directory))}", style="yellow")
    if isinstance(event.data, SlaEvent):
        text.append(f"  {deadline(event.data)}", style="yellow")
    if envelope.replayed:
        text.append("  (replayed)", style="dim")
    return text


def undecodable_line(error: InvalidMessage, place: Place) -> Text:
    text = Text()
    text.append(f"{place.short} partition {place.partition} offset {place.offset}  ", style="dim")
    text.append(f"cannot be decoded: {printable(str(error))}", style="bold red")
    return text


def subject(data: EventData) -> str:
    """What the event is about, as people call it."""
    if isinstance(data, TicketEvent):
        title = data.title or "(purged)"
        return f"#{data.number} {title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + '…'}"
    if isinstance(data, CommentEvent):
        kind = "comment" if data.parent_id is None else "reply"
        return f"{kind} {data.ticket_sequence} on ticket {data.ticket_id}"
    if isinstance(data, SlaEvent):
        return f"#{data.number}"
    name = getattr(data, "name", None)
    return str(name) if name else data.event_key


def changes(data: TicketEvent | CommentEvent, directory: Directory) -> str:
    return ", ".join(_change(name, change, directory) for name, change in data.changes.items())


def deadline(data: SlaEvent) -> str:
    """The due time, by which rule, and what makes this event differ from others."""
    text = f"due {data.due_at:%Y-%m-%d %H:%M:%S}Z ({data.rule})"
    if isinstance(data, SlaTimer) and data.previous_due_at is not None:
        text += f", was {data.previous_due_at:%Y-%m-%d %H:%M:%S}Z"
    if isinstance(data, SlaNotice):
        text += f", told {data.lateness_ms} ms later" + ("" if data.confirmed else ", unconfirmed")
    return text


def _change(name: str, change: FieldChange | TextChanged, directory: Directory) -> str:
    if isinstance(change, TextChanged):
        return f"{name} changed"
    return f"{name} {_value(name, change.from_, directory)} → {_value(name, change.to, directory)}"


def _value(name: str, value: object, directory: Directory) -> str:
    if value is None:
        return "none"
    if name in PERSON_FIELDS:
        try:
            return directory.name(UUID(str(value)))
        except ValueError:
            return str(value)
    return str(value)


def printable(text: str) -> str:
    """Titles are written by strangers: no control or invisible character reaches the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def as_json(event: Event[EventData], place: Place, *, ascii_only: bool = False) -> str:
    document = {**_place(place), **event.envelope.model_dump(mode="json"), "data": json.loads(event.value())}
    return json.dumps(document, ensure_ascii=ascii_only)


def undecodable_json(error: InvalidMessage, place: Place) -> str:
    return json.dumps({**_place(place), "error": error.code, "message": error.message})


def _place(place: Place) -> dict[str, Any]:
    return {"topic": place.topic, "partition": place.partition, "offset": place.offset}
