"""What becomes of messages to channels: they begin to leave, and are recorded in the ledger.

Each function takes an open unit of work and never commits. Nothing is sent here: see sender.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

import msgspec
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import notices
from opsdash_contracts.notices import Reason, Why
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT

from opsdash_notifications.announcements import metrics, model, repository
from opsdash_notifications.announcements.repository import Message, Org, Turn
from opsdash_notifications.chat.answers import ChatFailed, Failure
from opsdash_notifications.chat.text import MOST_LINES
from opsdash_notifications.inbox.service import notify
from opsdash_notifications.ledger import service as ledger
from opsdash_notifications.ledger.model import RECORDED_AT_ONCE, Source
from opsdash_notifications.recipients.model import Occasion
from opsdash_notifications.team_channels import messages_repository as messages
from opsdash_notifications.team_channels import repository as channels
from opsdash_notifications.team_channels.model import DisabledWhy, is_given_up
from opsdash_notifications.team_channels.repository import Channel
from opsdash_notifications.throttle import Throttle

#: Messages of one channel that are decided about in one transaction.
AT_ONCE: Final = 1000
#: How long a process has for the message that it lets leave; after that another one does it, under the same id.
LEASE: Final = timedelta(seconds=30)
_PLATES: Final = [str(plate) for plate in PLATES_WITH_SUPPORT]


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves to one channel now, as one message: a single notice, or several as a digest."""

    turn: Turn
    channel: Channel
    org: Org
    throttle: Throttle
    messages: Sequence[Message]
    listed: int = MOST_LINES

    def parts(self) -> list[Leaving]:
        """What is recorded in one transaction each, so that none holds the counters of all tickets; at least one."""
        return [
            replace(
                self,
                messages=self.messages[start : start + RECORDED_AT_ONCE],
                listed=max(self.listed - start, 0),
            )
            for start in range(0, len(self.messages), RECORDED_AT_ONCE)
        ]


@dataclass(frozen=True, slots=True)
class Departure:
    """The look at one channel; nothing leaves when it is not yet time, or what waited was left out."""

    leaving: Leaving | None = None


async def depart(work: UnitOfWork, *, failing_too: bool) -> Departure | None:
    """Decide about the messages of the channel that waits longest; None when none waits.

    What is left out is recorded; what leaves has LEASE to do so.
    """
    turn = await repository.claim(work.connection, failing_too=failing_too)
    if turn is None:
        return None
    found = await repository.waiting(work.connection, turn, limit=AT_ONCE)
    channel = await channels.find(work.connection, turn.org_id, turn.channel_id)
    org = await repository.org(work.connection, turn.org_id, _PLATES)
    if channel is None or channel.disabled_at is not None or org is None:
        await _leave_out(work, turn, found, Why.TURNED_OFF, is_failing=False)
        return Departure()
    left = [message for message in found if not message.is_outdated]
    if not left:  # also at the end of a pause in which nothing has come
        await _leave_out(work, turn, found, Why.TOO_OLD, is_failing=channel.failures > 0)
        return Departure()
    await _conclude(work, turn, [(message, Why.TOO_OLD, False) for message in found if message.is_outdated])
    plan = model.plan(len(left), turn.throttle, now=work.now)
    await repository.postpone(work.connection, turn, plan.look_at or work.now + LEASE, plan.throttle)
    return Departure(Leaving(turn, channel, org, plan.throttle, left[: plan.count]) if plan.count else None)


async def _leave_out(work: UnitOfWork, turn: Turn, found: Sequence[Message], why: Why, *, is_failing: bool) -> None:
    await _conclude(work, turn, [(message, why, False) for message in found])
    await repository.end_turn(work.connection, turn, turn.throttle, is_failing=is_failing, again=work.now)


async def put_off(work: UnitOfWork, leaving: Leaving) -> None:
    """Nothing can be sent to it before the operator has done something."""
    again, turn = work.now + model.LONGEST_PAUSE, leaving.turn
    await messages.lock_turn(work.connection, turn.org_id, turn.channel_id)
    await repository.end_turn(work.connection, turn, leaving.throttle, is_failing=True, again=again)


async def record_sent(work: UnitOfWork, leaving: Leaving) -> None:
    """The chat has taken it. Of a digest, those that it lists are sent, and the others folded into a number."""
    turn = leaving.turn
    await record_part(work, leaving)
    await record_success(work, turn.org_id, turn.channel_id)
    throttle = leaving.throttle.after_sending(work.now)
    await repository.end_turn(work.connection, turn, throttle, is_failing=False, again=work.now)


async def record_part(work: UnitOfWork, leaving: Leaving) -> None:
    """Some of a digest that the chat has taken."""
    turn = leaving.turn
    await messages.lock_turn(work.connection, turn.org_id, turn.channel_id)
    outcomes = [
        (message, None if place < leaving.listed else Why.FOLDED, False)
        for place, message in enumerate(leaving.messages)
    ]
    await _conclude(work, turn, outcomes)


async def record_success(work: UnitOfWork, org_id: UUID, channel_id: UUID) -> None:
    """Failures are counted from the last success."""
    channel = await channels.lock(work.connection, org_id, channel_id)
    if channel is not None and channel.failures:
        await channels.save(work.connection, org_id, msgspec.structs.replace(channel, failures=0, failing_since=None))


async def record_test(work: UnitOfWork, org_id: UUID, channel_id: UUID) -> None:
    """The chat takes messages: what waits for it need not wait for the end of a pause."""
    await messages.lock_turn(work.connection, org_id, channel_id)
    await record_success(work, org_id, channel_id)
    await messages.wake(work.connection, org_id, channel_id)


async def record_failure(work: UnitOfWork, leaving: Leaving, failure: ChatFailed) -> None:
    """The chat has not taken it: a refusal is for good, anything else is tried again for a day."""
    turn = leaving.turn
    await messages.lock_turn(work.connection, turn.org_id, turn.channel_id)
    failures = await _count_failure(work, turn, failure)  # may tell people, who come before the counters of tickets
    if failure.failure is Failure.REFUSED:
        await _conclude(work, turn, [(message, Why.REFUSED, True) for message in leaving.messages])
    else:
        given_up = [each for each in leaving.messages if work.now - each.made_at > model.PATIENCE]
        await _conclude(work, turn, [(message, Why.UNREACHABLE, True) for message in given_up])
    again = work.now + model.pause(failures)
    await repository.end_turn(work.connection, turn, leaving.throttle, is_failing=True, again=again, is_pause=True)


async def _count_failure(work: UnitOfWork, turn: Turn, failure: ChatFailed) -> int:
    """How many there are in a row. With too many for too long the channel is disabled, and owners and admins told."""
    channel = await channels.lock(work.connection, turn.org_id, turn.channel_id)
    if channel is None or channel.disabled_at is not None:
        return 1
    since, failures = channel.failing_since or work.now, channel.failures + 1
    failed = msgspec.structs.replace(
        channel, failures=failures, failing_since=since, failed_at=work.now, failed_with=failure.words
    )
    if not is_given_up(failures, since, work.now):
        await channels.save(work.connection, turn.org_id, failed)
        return failures
    ended = {"disabled_at": work.now, "disabled_why": DisabledWhy.FAILING, "version": channel.version + 1}
    failed = msgspec.structs.replace(failed, **ended)
    await channels.save(work.connection, turn.org_id, failed)
    await _notify_of_end(work, turn, failed)
    return failures


async def _notify_of_end(work: UnitOfWork, turn: Turn, channel: Channel) -> None:
    """Its id follows from the version of the channel, so it is told once."""
    metrics.DISABLED.inc()
    source = Source(turn.org_id, uuid5(channel.id, f"disabled {channel.version}"), work.now)
    await notify(work, source, Occasion((Reason.CHANNEL_DISABLED,)), replayed=False)


async def _conclude(work: UnitOfWork, turn: Turn, outcomes: Sequence[tuple[Message, Why | None, bool]]) -> None:
    """Only what was still there: a process that was slow may find that another has done it."""
    if not outcomes:
        return
    there = await repository.remove(work.connection, turn.org_id, [message.notice_id for message, _, _ in outcomes])
    concluded = [each for each in outcomes if each[0].notice_id in there]
    await ledger.record_waiting(work, turn.org_id, turn.channel_id, notices.Channel.TEAM, concluded)
