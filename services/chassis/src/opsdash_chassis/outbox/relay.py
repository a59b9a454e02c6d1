"""The outbox relay: one leader per database publishes in order and deletes what the broker confirmed.

Leadership is a session advisory lock on the relay's own connection. Rows are deleted over that same connection, so a
relay that lost its session can send a repeat but never remove a row it does not lead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

import asyncpg
import structlog

from opsdash_chassis import crash_points
from opsdash_chassis.backoff import Backoff
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.database.errors import outage_of
from opsdash_chassis.database.pools import OwnConnection
from opsdash_chassis.kafka.clients import SEND_DEADLINE_SECONDS
from opsdash_chassis.observability import metrics
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.outbox import repository as outbox
from opsdash_chassis.outbox.repository import OutboxRow
from opsdash_chassis.outbox.sending import (
    PERMANENT_FOR_THE_EVENT,
    PERMANENT_FOR_THE_TOPIC,
    NotSent,
    Sender,
    key_ordered_batches,
)
from opsdash_chassis.outbox.throttle import Throttle
from opsdash_chassis.settings import DatabaseSettings

log = structlog.get_logger(__name__)

TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('opsdash outbox relay', 0))"
MAXIMUM_BACKOFF_SECONDS = 10.0
MEASURE_EVERY_SECONDS = 0.9
#: A turn costs nearly the same for one event as for ten, and both are quick beside this.
TURN_SECONDS = 0.01
ALARM_DEPTH = 10_000
ALARM_AGE_SECONDS = 60
SERVER_SETTINGS = {
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    # A frozen leader loses its session, and so the lock, after this long: somebody else takes over.
    "idle_session_timeout": str(int(SEND_DEADLINE_SECONDS * 1000) + 5000),
    # A crash of PostgreSQL may bring back the last rows that were deleted; they are repeats, and the wait is saved.
    "synchronous_commit": "off",
    # An outbox is empty whenever statistics are taken, and the plan of a session is made once: without these, a plan
    # that reads the whole history at every turn looked cheap, and cost more than all requests together.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "timezone": "UTC",
    "application_name": "outbox-relay",
}
PART = "relay"


class Relay:
    """Publishes one database's outbox to these topics for as long as `run` is not cancelled."""

    def __init__(
        self,
        settings: DatabaseSettings,
        topics: Collection[str] = (),
        *,
        kafka: Dependency | None = None,
        database: Dependency | None = None,
    ) -> None:
        self._settings = settings
        self._database = database or Dependency("database")
        self._crash_points = CrashPoints(settings.crash_at)
        self._sender = Sender(settings, topics, kafka or Dependency("kafka"), self._crash_points)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._last_turn = time.monotonic()
        self._next_measure = 0.0
        self._leads = False  # said in the log; taking the lead again after a failed send is no news
        self._throttle = Throttle(TURN_SECONDS)

    async def run(self) -> None:
        """Lead or stand by until `stop`; every failure is waited out and tried again."""
        backoff = Backoff(0.1, MAXIMUM_BACKOFF_SECONDS, lasted=MAXIMUM_BACKOFF_SECONDS)
        while not self._stopping.is_set():
            self._last_turn = started = time.monotonic()
            try:
                await self._session()
            except Exception as error:  # noqa: BLE001 - a relay that ended would never publish again, and nobody would see
                self._interrupted(error)
            finally:
                metrics.RELAY_LEADER.set(0)
                await self._sender.drop()
            await self._sleep(backoff.after(time.monotonic() - started))

    def hint(self) -> None:
        """Events have just been queued by this process: publish them now, or tell the relay that leads."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the batch in hand, then let `run` return."""
        self._stopping.set()
        self._wake.set()

    def progress(self) -> tuple[bool, str]:
        """For liveness: a relay that waits for its dependencies is alive, one that no longer turns is not."""
        age = time.monotonic() - self._last_turn
        return age < SEND_DEADLINE_SECONDS + 50, f"last turn {age:.0f} s ago"

    def ready(self) -> tuple[bool, str]:
        """False while publishing needs a person: a topic is missing or forbidden. What is away is only said."""
        alarm = self._sender.alarm
        return not alarm, alarm or self._sender.waits_for or self._database.missed_by(PART) or "publishing"

    def _interrupted(self, error: Exception) -> None:
        """Tell once what is away; the fault of anything else each time."""
        if isinstance(error, NotSent):
            self._sender.note_failure(error.__cause__)
        elif outage := outage_of(error):
            self._database.away(f"{outage.detail} {error!r}", part=PART)
        else:
            log.error("relay_interrupted", exc_info=error)

    async def _session(self) -> None:
        connection = await asyncpg.connect(
            self._settings.database_worker_url.get_secret_value(),
            timeout=5,
            command_timeout=6,
            server_settings=SERVER_SETTINGS,
        )
        try:
            await connection.execute(outbox.REFUSED_WHEN_READ_ONLY)
            self._database.back(part=PART)
            await self._wait_for_leadership(connection)
            self._next_measure = 0.0  # before the first attempt to publish: that takes long while the broker is away
            await self._measure(connection)
            await connection.add_listener(outbox.CHANNEL, lambda *_: self._wake.set())
            while not self._stopping.is_set():
                await self._turn(connection)
        finally:
            # Closing ends the session and releases the lock; a dead connection must not hold up the stop.
            connection.terminate()

    async def _wait_for_leadership(self, connection: OwnConnection) -> None:
        while not self._stopping.is_set():
            self._last_turn = time.monotonic()
            if await connection.fetchval(TRY_LOCK):
                metrics.RELAY_LEADER.set(1)
                if not self._leads:
                    log.info("relay_leads")
                self._leads = True
                return
            self._leads = False
            _another_leads()
            await self._sleep_until_woken(self._settings.relay_poll_seconds)
            if self._wake.is_set():
                self._wake.clear()
                await connection.execute(outbox.NOTIFY_THE_LEADER)

    async def _turn(self, connection: OwnConnection) -> None:
        await self._throttle.turn()
        self._last_turn = time.monotonic()
        self._wake.clear()
        rows = await outbox.waiting(connection)
        try:
            if rows:
                await self._publish(connection, rows)
        finally:  # above all while the broker is away: that is when the outbox grows
            await self._measure(connection)
        if len(rows) < outbox.BATCH_SIZE and not self._wake.is_set():
            await self._sleep_until_woken(self._settings.relay_poll_seconds)

    async def _publish(self, connection: OwnConnection, rows: list[OutboxRow]) -> None:
        """Send in batches of one event per key: the next one leaves only after the broker has the one before."""
        failed: BaseException | None = None
        for batch in key_ordered_batches(rows):
            results = await self._sender.send(batch)
            sent = [row for row, error in zip(batch, results, strict=True) if error is None]
            self._crash_points.reached(crash_points.AFTER_PUBLISH_BEFORE_MARK)
            if sent:
                await outbox.confirmed(connection, [row.position for row in sent])
            failed = await self._handle_failures(connection, batch, results)
            if failed is not None:
                break
        if failed is not None and not isinstance(failed, PERMANENT_FOR_THE_EVENT):
            raise NotSent from failed
        self._sender.note_success()

    async def _handle_failures(
        self, connection: OwnConnection, batch: list[OutboxRow], results: list[BaseException | None]
    ) -> BaseException | None:
        """Park what can never be sent; return the gravest error, if any: all but a parked event stop the batch."""
        for row, error in zip(batch, results, strict=True):
            if isinstance(error, PERMANENT_FOR_THE_EVENT):
                log.error("event_parked", event_id=str(row.event_id), reason=repr(error))
                await outbox.park(connection, row.position, repr(error))
        return max((error for error in results if error is not None), key=_weight, default=None)

    async def _measure(self, connection: OwnConnection) -> None:
        """At most once a second: counting a long outbox at every turn would take longer than publishing it."""
        if time.monotonic() < self._next_measure:
            return
        self._next_measure = time.monotonic() + MEASURE_EVERY_SECONDS
        state = await outbox.state(connection)
        metrics.OUTBOX_DEPTH.set(state.depth)
        metrics.OUTBOX_AGE.set(state.oldest_seconds)
        metrics.OUTBOX_PARKED.set(state.parked)
        if state.depth > ALARM_DEPTH or state.oldest_seconds > ALARM_AGE_SECONDS:
            log.error("outbox_falls_behind", depth=state.depth, oldest_seconds=round(state.oldest_seconds))

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _sleep_until_woken(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return


def _weight(error: BaseException) -> int:
    """A parked event concerns itself alone; a topic that refuses needs a person."""
    if isinstance(error, PERMANENT_FOR_THE_EVENT):
        return 0
    return 2 if isinstance(error, PERMANENT_FOR_THE_TOPIC) else 1


def _another_leads() -> None:
    """What was measured as the leader is now that one's to tell: a stale age would raise an alarm for ever."""
    for gauge in (metrics.OUTBOX_DEPTH, metrics.OUTBOX_AGE, metrics.OUTBOX_PARKED):
        gauge.set(0)
