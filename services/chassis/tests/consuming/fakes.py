"""Stand-ins with the behaviour that matters, and records as the broker hands them out."""

from __future__ import annotations

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaTimeoutError


def record(value: bytes | None = b"value", headers: tuple[tuple[str, bytes], ...] = ()) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        topic="opsdash.workspace.v1", partition=2, offset=41, timestamp=0, timestamp_type=0, key=b"key", value=value,
        checksum=None, serialized_key_size=3, serialized_value_size=5, headers=headers,
    )  # fmt: skip


class FakeDeadLetters:
    """Takes letters, or refuses them while `broken`."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.broken = False

    async def publish(self, _: object, *, group: str, reason: str, detail: str) -> None:
        if self.broken:
            raise KafkaTimeoutError
        self.reasons.append(reason)
