"""The workspace feed into the tickets service: every event once, bad ones aside, the rest undisturbed (G5, G11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import UnknownError
from opsdash_contracts.topics import WORKSPACE
from opsdash_contracts.workspace import Company

from tests.integration.checks import metric, query
from tests.integration.conftest import NewStack
from tests.integration.stacks import Consumption, consuming
from tests.support.brokers import Broker, new_broker
from tests.support.workspace import DAMAGED_NAME, Message, company, company_removed, message

pytestmark = pytest.mark.kafka

BIGGEST_FOREIGN_VALUE = 1_047_000  # what a broker with default limits still takes, headers and all
NEVER_STORED = "no key"  # Apache Kafka refuses it at the door of a compacted topic
Damage = Callable[[Message], Message]
BAD: dict[str, tuple[Damage, str]] = {
    "empty value": (lambda m: m.with_value(b""), "empty-value"),
    "tombstone": (lambda m: m.with_value(None), "empty-value"),
    "not UTF-8": (lambda m: m.with_value(b'{"name": "\xff\xfe"}'), "bad-json"),
    "not JSON": (lambda m: m.with_value(b"{"), "bad-json"),
    "JSON scalar": (lambda m: m.with_value(b"42"), "bad-json"),
    "JSON array": (lambda m: m.with_value(b"[]"), "bad-json"),
    "as large as the topic takes": (lambda m: m.with_value(b"\xff" * BIGGEST_FOREIGN_VALUE), "bad-json"),
    "field missing": (lambda m: m.with_value(b"{}"), "schema"),
    "header value not UTF-8": (lambda m: m.with_header("x-note", b"\xff"), "headers-not-utf8"),
    "header name not UTF-8": (lambda m: replace(m, damaged_name=True), "headers-not-utf8"),
    "no event id": (lambda m: m.without_header("ce_id"), "missing-header"),
    "no type": (lambda m: m.without_header("ce_type"), "missing-header"),
    "no entity": (lambda m: m.without_header("ce_subject"), "missing-header"),
    "no tenant": (lambda m: m.without_header("ce_orgid"), "missing-header"),
    "no version": (lambda m: m.without_header("ce_sequence"), "missing-header"),
    "no headers": (lambda m: replace(m, headers=[]), "missing-header"),
    "key of another entity": (lambda m: replace(m, key=str(uuid4()).encode()), "key-mismatch"),
    "no key": (lambda m: replace(m, key=None), "key-mismatch"),
    "tenant of another body": (lambda m: m.with_header("ce_orgid", str(uuid4()).encode()), "org-mismatch"),
    "newer schema": (
        lambda m: m.with_header("ce_dataschema", b"urn:opsdash:workspace.company.upserted:v9"),
        "unknown-version",
    ),
}


@pytest.fixture
def ours(consumption: Consumption) -> Any:
    return consumption.stack.workspace.ours


class TestBadMessages:
    @pytest.mark.parametrize("damage", BAD)
    async def test_it_is_set_aside_byte_for_byte_and_its_neighbours_are_applied(
        self, consumption: Consumption, ours: Any, damage: str
    ):
        break_it, reason = BAD[damage]
        before, after = company(ours), company(ours)
        bad = break_it(message(company(ours)))
        if damage == NEVER_STORED and consumption.stack.kafka.keeps_records:
            with pytest.raises(UnknownError):
                await consumption.feed.send(bad)
            return
        counted = await metric(consumption.service, "opsdash_dead_letters_total", reason=reason)
        offsets = await consumption.feed.send(message(before), bad, message(after))
        await consumption.applied(before, after)
        letter = await consumption.letter_of(offsets[1])
        names = [(DAMAGED_NAME.decode("utf-8", "backslashreplace"), b"1")] if bad.damaged_name else []
        assert (letter.key, letter.value) == (bad.key, bad.value)
        assert list(letter.headers[:-8]) == [*bad.headers, *names]
        assert letter.header("dl_reason") == reason
        assert letter.header("dl_topic") == WORKSPACE
        assert letter.header("dl_group") == f"tickets.{WORKSPACE}"
        assert await metric(consumption.service, "opsdash_dead_letters_total", reason=reason) == counted + 1
        assert consumption.service.is_ready()

    async def test_the_same_id_with_other_content_is_refused_and_the_first_one_stays(
        self, consumption: Consumption, ours: Any
    ):
        first = company(ours, name="First")
        event = message(first)
        offsets = await consumption.feed.send(event, event.with_body(name="Second"))
        assert (await consumption.letter_of(offsets[1])).header("dl_reason") == "content-changed"
        assert (await consumption.row(first.company_id))["name"] == "First"


class TestForwardCompatible:
    async def test_an_unknown_type_is_acknowledged_and_counted(self, consumption: Consumption, ours: Any):
        known, letters = await consumption.outcomes("unknown-type"), len(consumption.letters.records)
        unknown = message(company(ours)).with_header("ce_type", b"workspace.spaceship.upserted")
        await consumption.feed.send(
            unknown.with_header("ce_dataschema", b"urn:opsdash:workspace.spaceship.upserted:v1")
        )
        await consumption.fence()
        assert await consumption.outcomes("unknown-type") == known + 1
        assert len(consumption.letters.records) == letters

    @pytest.mark.parametrize("size", [10, 900 * 1024])
    async def test_unknown_fields_are_accepted_up_to_900_kib(self, consumption: Consumption, ours: Any, size: int):
        item = company(ours)
        await consumption.feed.send(message(item).with_body(new_field="x" * size))
        await consumption.applied(item)


class TestEffectOnce:
    async def test_the_same_bytes_twice_have_one_effect(self, consumption: Consumption, ours: Any):
        item, duplicates = company(ours), await consumption.outcomes("duplicate")
        event = message(item)
        await consumption.feed.send(event, event)
        await consumption.feed.send(event, partition=1)
        await consumption.feed.send(event)
        await consumption.fence()
        assert (await consumption.effects())[item.company_id] == [1]
        assert await consumption.outcomes("duplicate") >= duplicates + 2

    async def test_an_older_version_after_a_newer_one_changes_nothing(self, consumption: Consumption, ours: Any):
        new = company(ours, version=5, name="New")
        old = company(ours, version=3, name="Old", company_id=new.company_id)
        await consumption.feed.send(message(new), message(old))
        await consumption.fence()
        assert (await consumption.row(new.company_id))["name"] == "New"
        assert (await consumption.effects())[new.company_id] == [5]

    async def test_a_removal_that_overtakes_its_upsert_wins_until_a_newer_upsert(
        self, consumption: Consumption, ours: Any
    ):
        late = company(ours, version=1)
        await consumption.feed.send(company_removed(ours, late.company_id, version=2), message(late))
        await consumption.fence()
        assert (await consumption.row(late.company_id))["removed_at"] is not None
        back = company(ours, version=3, name="Back", company_id=late.company_id)
        await consumption.feed.send(message(back))
        await consumption.applied(back)
        row = await consumption.row(late.company_id)
        assert (row["name"], row["removed_at"]) == ("Back", None)

    async def test_the_whole_topic_twice_again_changes_no_row(self, consumption: Consumption, ours: Any):
        events = [message(company(ours, version=version)) for version in range(1, 4) for _ in range(10)]
        await consumption.feed.send(*events)
        await consumption.fence()
        before, effects = await self.snapshot(consumption), await consumption.effects()
        duplicates = await consumption.outcomes("duplicate")
        await consumption.feed.send(*events, *events)
        await consumption.feed.send(events[-1])

        await consumption.fence()
        assert await consumption.outcomes("duplicate") == duplicates + 2 * len(events) + 1
        after = await consumption.effects()
        assert {key: after[key] for key in effects if key.int} == {key: effects[key] for key in effects if key.int}
        assert await self.snapshot(consumption) == before

    async def snapshot(self, consumption: Consumption) -> set[str]:
        rows = await query(consumption.stack, "SELECT c::text AS row FROM companies c WHERE company_id <> $1", uuid4())
        return {row["row"] for row in rows if "00000000-0000-0000-0000-000000000000" not in row["row"]}


class TestTogether:
    """What waits behind a message is applied in its transaction; a row's `xmin` tells which one that was."""

    async def transactions(self, consumption: Consumption, items: list[Company]) -> int:
        ids = [item.company_id for item in items]
        rows = await query(
            consumption.stack, "SELECT DISTINCT xmin::text FROM companies WHERE company_id = ANY($1)", ids
        )
        return len(rows)

    async def arrived_together(self, consumption: Consumption, *messages: Message) -> list[int]:
        """Sent while the service stands still; the offsets."""
        consumption.service.sigstop()
        offsets = await consumption.feed.send(*messages)
        consumption.service.sigcont()
        return offsets

    async def test_many_that_wait_are_applied_in_few_transactions(self, consumption: Consumption, ours: Any):
        items = [company(ours) for _ in range(120)]
        await self.arrived_together(consumption, *(message(item) for item in items))
        await consumption.applied(*items)
        assert await self.transactions(consumption, items) < len(items) / 4

    async def test_bad_ones_and_repeats_among_them_cost_the_others_nothing(self, consumption: Consumption, ours: Any):
        items = [company(ours) for _ in range(60)]
        events = [message(item) for item in items]
        changed = events[3].with_body(name="Changed")
        bad = message(company(ours)).with_value(b"{")
        offsets = await self.arrived_together(consumption, *events[:20], events[4], bad, changed, *events[20:])
        await consumption.applied(*items)
        await consumption.fence()
        effects = await consumption.effects()
        assert {item.company_id: effects[item.company_id] for item in items} == {item.company_id: [1] for item in items}
        reasons = [(await consumption.letter_of(offset)).header("dl_reason") for offset in offsets[21:23]]
        assert reasons == ["bad-json", "content-changed"]
        assert (await consumption.row(items[3].company_id))["name"] == "Acme"

    async def test_versions_of_one_entity_among_them_keep_their_order(self, consumption: Consumption, ours: Any):
        first, second = company(ours), company(ours)
        versions = [
            company(ours, company_id=item.company_id, version=version)
            for version in range(1, 21)
            for item in (first, second)
        ]
        await self.arrived_together(consumption, *(message(version) for version in versions))
        await consumption.applied(*versions[-2:])
        effects = await consumption.effects()
        assert effects[first.company_id] == effects[second.company_id] == list(range(1, 21))


class TestDefaultSession:
    """Most tests have shorter sessions, for the embedded broker makes the first members of a group wait half of one."""

    async def test_events_arrive_with_it_too(self, new_stack: NewStack):
        async with new_stack(broker=unhurried) as stack, consuming(stack) as consumption:
            item = company(stack.workspace.ours)
            await consumption.feed.send(message(item))
            await consumption.applied(item)
            assert "OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS" not in stack.tickets_environment


def unhurried(folder: Path) -> Broker:
    broker = new_broker(folder)
    broker.session_seconds = None
    return broker
