"""Dead letters as an operator handles them: list, show, hand to the service again, drop.

A letter stays on its topic; what became of it is remembered in the service's database by the letter's own id.
Redriving runs this service's handler on the original bytes: other consumers of the topic notice nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from opsdash_contracts.envelope import InvalidMessage
from opsdash_contracts.topics import dead_letter_topic

from opsdash_chassis.consuming.dead_letters import DeadLetter, from_record
from opsdash_chassis.consuming.inbox import apply_once
from opsdash_chassis.consuming.subscription import Subscription
from opsdash_chassis.database.pools import Database
from opsdash_chassis.kafka.clients import client_options, topic_partitions
from opsdash_chassis.settings import KafkaSettings

_RESOLVED = "SELECT dead_letter_id FROM dead_letters_resolved"
_RESOLVE = """
INSERT INTO dead_letters_resolved (dead_letter_id, resolution) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""


class DeadLetterQueue:
    """The dead letters of one service."""

    def __init__(self, settings: KafkaSettings, database: Database, subscriptions: Collection[Subscription]) -> None:
        self._settings = settings
        self._database = database
        self._subscriptions = {subscription.topic: subscription for subscription in subscriptions}

    async def waiting(self) -> list[DeadLetter]:
        """Every letter not yet redriven or dropped, oldest first."""
        topics = [dead_letter_topic(one.service, topic) for topic, one in self._subscriptions.items()]
        letters = await read_dead_letters(self._settings, topics)
        async with self._database.worker_transaction() as connection:
            resolved = {row["dead_letter_id"] for row in await connection.fetch(_RESOLVED)}
        return sorted((letter for letter in letters if letter.id not in resolved), key=lambda letter: letter.id)

    async def redrive(self, letter: DeadLetter) -> str:
        """Apply the letter now. Returns the outcome, or why it still fails; then it stays."""
        subscription = self._subscriptions[letter.topic]
        try:
            (outcome,) = await apply_once(subscription, [letter], subscription.handlers.apply)
        except InvalidMessage as error:
            return f"still refused ({error.code}): {error.message}"
        except Exception as error:  # noqa: BLE001 - whatever the handler raises is the answer to the operator
            return f"still fails: {type(error).__name__}: {error}"
        await self._resolve(letter.id, "redriven")
        return outcome

    async def drop(self, letter: DeadLetter) -> None:
        """Give the letter up; it stays readable on its topic until the retention ends."""
        await self._resolve(letter.id, "dropped")

    async def _resolve(self, letter_id: UUID, resolution: str) -> None:
        async with self._database.worker_transaction() as connection:
            await connection.execute(_RESOLVE, letter_id, resolution)


async def read_dead_letters(settings: KafkaSettings, topics: Collection[str]) -> list[DeadLetter]:
    """Read the topics from their beginning to their present end, without a group."""
    existing = await topic_partitions(settings)
    partitions = [TopicPartition(name, index) for name in topics for index in range(existing.get(name, 0))]
    if not partitions:
        return []
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        starts = await consumer.beginning_offsets(partitions)
        left = {partition for partition in partitions if ends[partition] > starts[partition]}
        letters: list[DeadLetter] = []
        while left:
            async with asyncio.timeout(15):
                batches = await consumer.getmany(*left, timeout_ms=1000)
            letters += [from_record(record) for records in batches.values() for record in records]
            left = {partition for partition in left if await consumer.position(partition) < ends[partition]}
        return letters
    finally:
        await consumer.stop()
