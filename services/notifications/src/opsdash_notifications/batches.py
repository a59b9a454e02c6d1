"""Rows of all orgs whose time has come, dealt with batch by batch; one that fails is put off, and the others go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeAlias, TypeVar

from opsdash_chassis.database.pools import Connection, Database
from opsdash_chassis.database.unit_of_work import UnitOfWork, worker_unit_of_work
from opsdash_chassis.errors import Unavailable

from opsdash_notifications import failures

#: How much later one that failed is tried again.
PUT_OFF_FOR: Final = timedelta(minutes=10)
Row = TypeVar("Row")
#: Has some that are due, at most so many, whom nobody else has; they are gone when it commits.
Acquire: TypeAlias = Callable[[Connection, int], Awaitable[list[Row]]]


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """What is done with each, or with one that failed."""

    kind: str
    batch: int
    deal_with: Callable[[UnitOfWork, Row], Awaitable[None]]
    put_off: Callable[[Connection, Row, timedelta], Awaitable[None]]


async def deal_with_due(database: Database, acquire: Acquire[Row], rows: Rows[Row]) -> None:
    """Until none is due. A batch that fails is done again one by one.

    Any replica may do it, and each row is in the hands of one.
    """
    done = rows.batch
    while done == rows.batch:
        try:
            async with worker_unit_of_work(database) as work:
                done = await one_batch(work, acquire, rows)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - one by one it is said which row it is, and why
            done = await _one_by_one(database, acquire, rows)


async def one_batch(work: UnitOfWork, acquire: Acquire[Row], rows: Rows[Row]) -> int:
    """How many were due."""
    due = await acquire(work.connection, rows.batch)
    for row in due:
        await rows.deal_with(work, row)
    return len(due)


async def _one_by_one(database: Database, acquire: Acquire[Row], rows: Rows[Row]) -> int:
    for done in range(rows.batch):
        async with worker_unit_of_work(database) as work:
            if not await _one(work, acquire, rows):
                return done
    return rows.batch


async def _one(work: UnitOfWork, acquire: Acquire[Row], rows: Rows[Row]) -> bool:
    """Whether there was one."""
    due = list[Row]()
    try:
        async with work.connection.transaction():
            due = await acquire(work.connection, 1)
            for row in due:
                await rows.deal_with(work, row)
    except Exception as error:
        if not due or isinstance(error, Unavailable):
            raise
        for row in due:
            await rows.put_off(work.connection, row, PUT_OFF_FOR)
        failures.put_off(rows.kind, error)
    return bool(due)
