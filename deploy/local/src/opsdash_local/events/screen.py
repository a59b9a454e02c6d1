"""Decides which records are shown, and prints them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from uuid import UUID

from aiokafka import ConsumerRecord
from opsdash_contracts.base import EventData
from opsdash_contracts.envelope import Event, InvalidMessage, decode
from rich.console import Console
from rich.text import Text

from opsdash_local.events import format as formats
from opsdash_local.events.directory import Directory
from opsdash_local.events.format import Place


@dataclass(frozen=True)
class Wanted:
    """The user's filter; records that cannot be decoded pass it, for they belong to nobody."""

    org_id: UUID | None
    type_pattern: str | None

    def shows(self, event: Event[EventData]) -> bool:
        if self.org_id is not None and event.envelope.org_id != self.org_id:
            return False
        return self.type_pattern is None or fnmatchcase(event.envelope.type, self.type_pattern)


class Screen:
    """Standard output as lines for people, or as JSON lines."""

    def __init__(self, directory: Directory, wanted: Wanted, *, as_json: bool) -> None:
        self._directory = directory
        self._wanted = wanted
        self._as_json = as_json
        self._ascii_only = not sys.stdout.encoding.lower().startswith("utf")
        self._console = Console(highlight=False, soft_wrap=True)

    def show(self, record: ConsumerRecord) -> None:
        place = Place(record.topic, record.partition, record.offset)
        try:
            event = decode(record.headers, record.key, record.value)
        except InvalidMessage as error:
            self._print(formats.undecodable_json(error, place), formats.undecodable_line(error, place))
            return
        self._directory.learn(event.data)
        if self._wanted.shows(event):
            document = formats.as_json(event, place, ascii_only=self._ascii_only)
            self._print(document, formats.line(event, place, self._directory))

    def _print(self, document: str, text: Text) -> None:
        if self._as_json:
            sys.stdout.write(f"{document}\n")
            sys.stdout.flush()
        else:
            self._console.print(text)
