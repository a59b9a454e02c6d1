"""What the messaging framework is given by us: options in its words, and records as they came.

Apart from kafka.py, so that who only follows, publishes or makes topics does not load the framework at its start.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from faststream.kafka.message import KafkaMessage
from faststream.security import BaseSecurity, SASLScram512

from opsdash_chassis.consuming.offsets import DeferredCommits, HandledOffsets
from opsdash_chassis.kafka.clients import client_options
from opsdash_chassis.kafka.undecodable_headers import readable
from opsdash_chassis.settings import KafkaSettings

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
#: A warning at each start about what we have chosen and check ourselves.
NO_NEWS = "Auto create topics is disabled"


def framework_options(settings: KafkaSettings) -> dict[str, Any]:
    """The safe client options in the words of the framework."""
    options = client_options(settings)
    context = options.pop("ssl_context", None)
    options.pop("security_protocol", None)
    options.pop("sasl_mechanism", None)
    username, password = options.pop("sasl_plain_username", None), options.pop("sasl_plain_password", None)
    if username and password:
        options["security"] = SASLScram512(username, password, ssl_context=context, use_ssl=True)
    elif context is not None:
        options["security"] = BaseSecurity(ssl_context=context, use_ssl=True)
    return options


class FrameworkLog:
    """Where the framework writes its lines. What it says when the broker fails goes to `on_failure` instead."""

    def __init__(self, on_failure: Callable[[KafkaError], None]) -> None:
        self._logger = logging.getLogger("opsdash_chassis.faststream")
        self._on_failure = on_failure

    def log(self, level: int, message: Any, /, *values: Any, exc_info: Any = None, **more: Any) -> None:
        if isinstance(exc_info, KafkaError):
            self._on_failure(exc_info)
        elif not str(message).startswith(NO_NEWS):
            self._logger.log(level, message, *values, exc_info=exc_info, **more)


async def parse_leniently(
    offsets: HandledOffsets, record: Record, original: Callable[[Record], Awaitable[KafkaMessage]]
) -> KafkaMessage:
    """Never fail on header bytes: the framework decodes them before any hook of ours could set the message aside."""
    message = await original(dataclasses.replace(record, headers=()))
    message.headers = {readable(name): (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    message.raw_message = record
    message.consumer = DeferredCommits(cast("AIOKafkaConsumer", message.consumer), record, offsets)
    return message


@dataclasses.dataclass(frozen=True, slots=True)
class ConsumedRecord:
    """A record as it was consumed, and the consumer that its offset is committed with."""

    record: Record
    source: DeferredCommits


async def as_consumed(message: KafkaMessage) -> ConsumedRecord:
    return ConsumedRecord(cast("Record", message.raw_message), cast("DeferredCommits", message.consumer))
