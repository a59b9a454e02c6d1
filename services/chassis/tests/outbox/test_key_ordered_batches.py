"""How the relay splits a batch so that each ticket's events leave one after the other."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st
from opsdash_chassis.outbox.repository import OutboxRow
from opsdash_chassis.outbox.sending import key_ordered_batches


def row(position: int, aggregate: int, key: int | None = None) -> OutboxRow:
    partition = str(aggregate if key is None else key).encode()
    return OutboxRow(position, uuid4(), UUID(int=aggregate), topic="t", key=partition, value=b"", headers=[])


class TestKeyOrderedBatches:
    def test_nothing_waits(self):
        assert key_ordered_batches([]) == []

    def test_events_of_one_ticket_never_share_a_wave(self):
        rows = [row(1, 7), row(2, 7), row(3, 8), row(4, 7), row(5, 8)]
        assert [[item.position for item in batch] for batch in key_ordered_batches(rows)] == [[1, 3], [2, 5], [4]]

    def test_neither_do_those_of_different_aggregates_under_one_key(self):
        rows = [row(1, 7, key=1), row(2, 8, key=1), row(3, 9, key=2)]
        assert [[item.position for item in batch] for batch in key_ordered_batches(rows)] == [[1, 3], [2]]

    @given(st.lists(st.integers(0, 5), max_size=60))
    def test_nothing_is_lost_and_each_ticket_keeps_its_order(self, aggregates: list[int]):
        rows = [row(position, aggregate) for position, aggregate in enumerate(aggregates)]
        split = key_ordered_batches(rows)
        assert sorted(item.position for batch in split for item in batch) == list(range(len(rows)))
        seen: dict[UUID, list[int]] = defaultdict(list)
        for batch in split:
            assert len({item.aggregate_id for item in batch}) == len(batch)
            for item in batch:
                seen[item.aggregate_id].append(item.position)
        assert all(positions == sorted(positions) for positions in seen.values())
