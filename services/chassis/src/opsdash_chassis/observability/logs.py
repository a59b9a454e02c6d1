"""Structured logs: a JSON line an event in production, text locally; line breaks cannot be smuggled in."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from opsdash_chassis.observability.repeated_lines import RepeatedLines
from opsdash_chassis.settings import Profile

_SECRET_WORDS = ("authorization", "token", "secret", "password", "cookie", "idempotency_key")
_OF_MANY_LINES = frozenset({"exception", "stack"})
_NOISY = {"aiokafka": "WARNING", "aiohttp": "WARNING", "uvicorn": "WARNING", "faststream": "INFO"}


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Whatever a caller binds under a telling name is not written."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "[hidden]"
    return event


def one_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape control characters, so that one event stays one line in every renderer."""
    for key, value in event.items():
        if isinstance(value, str) and key not in _OF_MANY_LINES and not value.isprintable():
            event[key] = value.encode("unicode_escape").decode("ascii")
    return event


def configure_logs(*, profile: Profile, level: str, service: str) -> None:
    """Send structlog and the standard library's loggers through one formatter to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
        one_line,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(profile, service, shared))
    handler.addFilter(RepeatedLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name, quieter in _NOISY.items():
        logging.getLogger(name).setLevel(quieter)


def _formatter(profile: Profile, service: str, shared: list[Any]) -> logging.Formatter:
    def add_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {**event, "service": service}

    renderer: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
        if profile is Profile.LOCAL
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, add_service, *renderer],
    )
