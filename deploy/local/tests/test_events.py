"""`opsdash events`: one readable, harmless line an event, filters, JSON."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord
from opsdash_contracts.envelope import Event, EventData, InvalidMessage
from opsdash_contracts.sessions import ENDED, Ended, SessionEnded
from opsdash_contracts.tickets import UPDATED, FieldChange, TextChanged, TicketEvent
from opsdash_contracts.workspace import Kind, Member, Org, Plate, Role, upserted
from opsdash_local.errors import LocalStackError
from opsdash_local.events import format as formats
from opsdash_local.events.directory import Directory
from opsdash_local.events.format import Place
from opsdash_local.events.screen import Screen, Wanted
from opsdash_local.events.tail import _broker_is_gone
from opsdash_local.ports import LOOPBACK
from rich.console import Console

ORG = UUID("11111111-1111-4111-8111-111111111111")
OTHER_ORG = UUID("22222222-2222-4222-8222-222222222222")
MAYA = UUID("33333333-3333-4333-8333-333333333333")
TOMAS = UUID("44444444-4444-4444-8444-444444444444")
TICKET = UUID("55555555-5555-4555-8555-555555555555")
EVERYTHING = Wanted(None, None)
NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
PLACE = Place("opsdash.support.tickets.v1", 2, 41)


def ticket_updated(*, actor: UUID | None = MAYA, **fields: Any) -> Event[EventData]:
    values: dict[str, Any] = {
        "ticket_id": TICKET, "org_id": ORG, "version": 3, "number": 42, "title": "Invoice charged twice",
        "status": "in_progress", "priority": "high", "category": "billing", "assignee_id": TOMAS, "contact_id": None,
        "project_id": None, "created_by": MAYA, "sla_due_at": None, "sla_source": None, "first_response_at": None,
        "resolved_at": None, "closed_at": None, "reopen_count": 0, "created_at": NOW, "updated_at": NOW,
        "deleted_at": None, "changes": {"status": FieldChange.of("open", "in_progress")},
    } | fields  # fmt: skip
    data: EventData = TicketEvent(**values)
    return Event.of(data, type=UPDATED, id=TICKET, time=NOW, actor_id=actor)


def directory() -> Directory:
    known = Directory()
    known.learn(Org(org_id=ORG, slug="brightside", name="Brightside", plate=Plate.GROWTH, version=1))
    for user, name in ((MAYA, "Maya Lindqvist"), (TOMAS, "Tomás Herrera")):
        known.learn(Member(member_id=user, org_id=ORG, user_id=user, name=name, email=None, role=Role.ADMIN, version=1))
    return known


def record(event: Event[Any], **changed: Any) -> ConsumerRecord[bytes, bytes]:
    values: dict[str, Any] = {
        "topic": PLACE.topic, "partition": PLACE.partition, "offset": PLACE.offset, "timestamp": 0, "timestamp_type": 0,
        "key": event.key, "value": event.value(), "checksum": None, "serialized_key_size": 0,
        "serialized_value_size": 0, "headers": tuple(event.envelope.to_headers()),
    } | changed  # fmt: skip
    return ConsumerRecord(**values)


class TestLine:
    def test_it_says_when_what_where_who_and_which_fields(self) -> None:
        event = ticket_updated(
            changes={
                "status": FieldChange.of("open", "in_progress"),
                "assignee_id": FieldChange.of(None, TOMAS),
                "description": TextChanged(changed=True),
            }
        )
        assert formats.line(event, PLACE, directory()).plain.split("  ") == [
            "2026-03-01 12:30:15Z tickets",
            " support_ticket.updated",
            "",
            "",
            "brightside",
            " #42 Invoice charged twice",
            "by Maya Lindqvist",
            "v3",
            "status open → in_progress, assignee_id none → Tomás Herrera, description changed",
        ]

    def test_a_change_without_a_person_is_the_systems(self) -> None:
        assert "by system" in formats.line(ticket_updated(actor=None), PLACE, directory()).plain

    def test_an_event_of_no_org_says_so(self) -> None:
        ended = SessionEnded(ended_id=TICKET, what=Ended.SESSION, ended_at=NOW)
        event: Event[EventData] = Event.of(ended, type=ENDED, id=TICKET, time=NOW, actor_id=MAYA)
        shown = formats.line(event, PLACE, directory()).plain
        assert "no org" in shown
        assert "by Maya Lindqvist" in shown

    def test_unknown_ids_are_shortened(self) -> None:
        line = formats.line(ticket_updated(), PLACE, Directory()).plain
        assert "11111111 " in line
        assert "by 33333333 " in line

    def test_a_replayed_event_says_so(self) -> None:
        event = ticket_updated()
        replayed = Event(event.envelope.model_copy(update={"replayed": True}), event.data)
        assert formats.line(replayed, PLACE, directory()).plain.endswith("(replayed)")

    def test_a_long_title_is_cut(self) -> None:
        line = formats.line(ticket_updated(title="x" * 200), PLACE, directory()).plain
        assert f"#42 {'x' * 47}…  by" in line

    @pytest.mark.parametrize("letter", ["\x1b", "\x07", "\r", "\u202e", "\u200b"])
    def test_no_control_or_invisible_character_reaches_the_terminal(self, letter: str) -> None:
        line = formats.line(ticket_updated(title=f"a{letter}[31mb"), PLACE, directory()).plain
        assert letter not in line
        assert "a\N{REPLACEMENT CHARACTER}[31mb" in line

    def test_markup_in_a_title_is_text(self) -> None:
        output = Console(file=io.StringIO(), width=300)
        output.print(formats.line(ticket_updated(title="[bold]x[/bold]"), PLACE, directory()))
        assert isinstance(output.file, io.StringIO)
        assert "[bold]x[/bold]" in output.file.getvalue()


class TestJson:
    def test_it_carries_the_place_the_envelope_and_the_data(self) -> None:
        document = json.loads(formats.as_json(ticket_updated(), PLACE))
        assert (document["topic"], document["partition"], document["offset"]) == (PLACE.topic, 2, 41)
        assert document["type"] == UPDATED
        assert document["data"]["number"] == 42

    def test_a_terminal_without_utf_8_gets_the_same_document_in_ascii(self, monkeypatch: pytest.MonkeyPatch) -> None:
        plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, "stdout", plain)
        Screen(directory(), EVERYTHING, as_json=True).show(record(ticket_updated(title="Zoë → 雪")))
        written = plain.buffer.getvalue().decode("ascii")
        assert json.loads(written)["data"]["title"] == "Zoë → 雪"

    def test_a_message_that_cannot_be_decoded_is_an_object_too(self) -> None:
        document = json.loads(formats.undecodable_json(InvalidMessage("bad-json", "it is broken"), PLACE))
        assert document == {
            "topic": PLACE.topic, "partition": 2, "offset": 41, "error": "bad-json", "message": "it is broken",
        }  # fmt: skip


class TestScreen:
    def shown(self, capsys: pytest.CaptureFixture[str], *records: Any, wanted: Wanted = EVERYTHING) -> str:
        screen = Screen(directory(), wanted, as_json=False)
        for one in records:
            screen.show(one)
        return capsys.readouterr().out

    def test_other_orgs_and_types_are_left_out(self, capsys: pytest.CaptureFixture[str]) -> None:
        event = record(ticket_updated())
        assert self.shown(capsys, event, wanted=Wanted(OTHER_ORG, None)) == ""
        assert self.shown(capsys, event, wanted=Wanted(None, "workspace.*")) == ""
        assert "#42" in self.shown(capsys, event, wanted=Wanted(ORG, "support_ticket.*"))

    def test_a_bad_message_is_shown_with_its_place_and_does_not_end_the_tail(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = self.shown(capsys, record(ticket_updated(), value=b"{"), record(ticket_updated()))
        assert "tickets partition 2 offset 41  cannot be decoded: bad-json: " in output
        assert "#42" in output

    def test_names_are_learned_on_the_way(self, capsys: pytest.CaptureFixture[str]) -> None:
        renamed = Member(
            member_id=MAYA, org_id=ORG, user_id=MAYA, name="Maya New", email=None, role=Role.ADMIN, version=2
        )
        event = Event.of(renamed, type=upserted(Kind.MEMBER), id=MAYA, time=NOW)
        assert "by Maya New" in self.shown(capsys, record(event), record(ticket_updated()))


class TestDirectory:
    def test_an_org_is_found_by_slug_and_by_id(self) -> None:
        assert directory().find_org("brightside") == ORG
        assert directory().find_org(str(OTHER_ORG)) == OTHER_ORG

    def test_an_unknown_slug_is_answered_with_the_known_ones(self) -> None:
        with pytest.raises(LocalStackError, match=r"no org has the slug 'nope'.*: brightside"):
            directory().find_org("nope")


class TestWatchOverTheBroker:
    async def test_one_connection_is_enough_until_the_broker_is_gone(self) -> None:
        accepted: list[asyncio.StreamWriter] = []

        async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted.append(writer)

        broker = await asyncio.start_server(accept, LOOPBACK, 0)
        watch = asyncio.create_task(_broker_is_gone("{}:{}".format(*broker.sockets[0].getsockname())))
        await asyncio.sleep(0.3)
        assert len(accepted) == 1
        assert not watch.done()
        broker.close()
        accepted[0].close()
        await asyncio.wait_for(watch, timeout=30)
