"""Rows that cannot be dealt with are said and counted, so that those of other people go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from opsdash_chassis.errors import Unavailable
from prometheus_client import Counter

log = structlog.get_logger(__name__)

PUT_OFF = Counter("opsdash_rows_put_off", "Rows that could not be dealt with and are tried again later", ["kind"])


@contextmanager
def others_go_on(kind: str, *, but: type[Exception] = Unavailable) -> Iterator[None]:
    """End here whatever one row raises; what is away is away for the others too, and is raised."""
    try:
        yield
    except (Unavailable, but):
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one row
        put_off(kind, error)


def put_off(kind: str, error: Exception) -> None:
    """Say and count it."""
    PUT_OFF.labels(kind).inc()
    log.error("row_put_off", kind=kind, exc_info=error)
