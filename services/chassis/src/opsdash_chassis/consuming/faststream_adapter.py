"""What FastStream is given by us: options in its words, its log, and the parser and decoder of batches."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from faststream.kafka.message import KafkaMessage
from faststream.security import BaseSecurity, SASLScram512

from opsdash_chassis.consuming.handler import NewEvents
from opsdash_chassis.consuming.offsets import DeferredCommits, HandledOffsets
from opsdash_chassis.kafka.clients import client_options
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
    offsets: HandledOffsets,
    records: Sequence[Record],
    original: Callable[[tuple[Record, ...]], Awaitable[KafkaMessage]],
) -> KafkaMessage:
    """Make one message of the records of a batch, without the headers: the framework fails on bytes that are no text.

    Their values, keys and headers are decoded where a bad one can be set aside.
    """
    message = await original((dataclasses.replace(records[0], headers=()),))
    message.raw_message = tuple(records)
    message.consumer = DeferredCommits(cast("AIOKafkaConsumer", message.consumer), message.raw_message, offsets)
    return message


async def body_of(message: KafkaMessage) -> NewEvents:
    """The decoder: what the inbox lets through is decoded already."""
    return cast("NewEvents", message.body)
