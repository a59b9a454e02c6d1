"""What becomes of mails: they are scheduled with their notice, begin to leave, and are recorded in the ledger.

Each function takes an open unit of work and never commits. Nothing is sent here: see sender.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

import uuid_utils.compat as uuid_utils
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Channel, Reason, Why, notice_id
from opsdash_contracts.workspace import PLATES_WITH_SUPPORT

from opsdash_notifications.languages import DEFAULT_LANGUAGE
from opsdash_notifications.ledger import service as ledger
from opsdash_notifications.ledger.model import RECORDED_AT_ONCE, Source
from opsdash_notifications.mail import composition, model, preferences_repository, repository
from opsdash_notifications.mail.model import DueMail, MailPreferences, Plan, Recipient
from opsdash_notifications.mail.repository import Addressee, Mail, Turn
from opsdash_notifications.org_settings import repository as org_settings
from opsdash_notifications.recipients.model import Occasion

#: Mails of one person that are decided about in one transaction.
AT_ONCE: Final = 10_000
#: How long a process has for the mails that it lets leave; after that another one does it, under the same ids.
LEASE: Final = timedelta(seconds=120)
_PLATES: Final = [str(plate) for plate in PLATES_WITH_SUPPORT]


@dataclass(frozen=True, slots=True)
class Leaving:
    """One mail that leaves: a single notice, or several as a digest, which lists the first of them by name."""

    mail_id: UUID
    notices: Sequence[Mail]
    listed: int = composition.MOST_LINES

    def parts(self) -> Iterator[Leaving]:
        """What is recorded in one transaction each, so that none holds the counters of thousands of tickets."""
        for start in range(0, len(self.notices), RECORDED_AT_ONCE):
            part = self.notices[start : start + RECORDED_AT_ONCE]
            yield Leaving(self.mail_id, part, max(self.listed - start, 0))


@dataclass(frozen=True, slots=True)
class Departure:
    """All that leaves to one person now; `has_text` where mails of the org have the text they are about."""

    turn: Turn
    addressee: Addressee
    language: str
    mails: Sequence[Leaving]
    at: datetime
    has_text: bool = False


async def schedule(
    work: UnitOfWork,
    source: Source,
    recipients: Iterable[tuple[UUID, Reason]],
    occasion: Occasion,
) -> None:
    """Let each of these people have a mail, after their own delay."""
    wanted = [
        (user_id, notice_id(source.org_id, source.event_id, user_id, Channel.MAIL, reason), reason)
        for user_id, reason in recipients
    ]
    if wanted:
        await repository.add(
            work.connection,
            org_id=source.org_id,
            ticket_id=source.ticket_id,
            number=source.number,
            actor_id=occasion.actor_id,
            source_event_id=source.event_id,
            source_at=source.at,
            is_urgent=occasion.is_urgent,
            note=occasion.note,
            comment_id=occasion.comment_id,
            now=work.now,
            default_delay=model.DEFAULT_DELAY,
            recipients=wanted,
        )


async def depart(work: UnitOfWork) -> Departure | None:
    """Decide about the mails of the person who waits longest; None when nobody waits.

    What is left out is recorded; what leaves has its id from here on, and LEASE to do so.
    """
    turn = await repository.claim(work.connection)
    if turn is None:
        return None
    found = await repository.due(work.connection, turn, limit=AT_ONCE)
    addressee = await repository.addressee(work.connection, turn.org_id, turn.user_id, _PLATES)
    stored = await preferences_repository.read(work.connection, turn.user_id)
    plan = _plan(turn, found, addressee, stored.to_model(), work)
    mails = {mail.notice_id: mail for mail in found}
    await _leave_out(work, turn, [(mails[skipped.notice_id], why) for skipped, why in plan.skipped])
    await repository.hold(work.connection, turn.org_id, [(held.notice_id, until) for held, until in plan.held])
    leaving = [*_begun(found, plan), *_beginning(mails, plan)]
    pairs = [(mail.notice_id, each.mail_id) for each in leaving for mail in each.notices]
    await repository.lease(work.connection, turn.org_id, pairs, work.now + LEASE)
    await repository.end_turn(work.connection, turn, plan.throttle)
    if addressee is None:
        return Departure(turn, Addressee("", "", "", None), DEFAULT_LANGUAGE, (), work.now)
    org = await org_settings.read(work.connection, turn.org_id)
    return Departure(turn, addressee, stored.language or org.language, leaving, work.now, org.include_text)


def _plan(
    turn: Turn, found: Sequence[Mail], addressee: Addressee | None, preferences: MailPreferences, work: UnitOfWork
) -> Plan:
    """About those that have not begun to leave; those that have are given up only where nobody is to get them."""
    has_address = addressee is not None and composition.is_address(addressee.email or "")
    recipient = Recipient(is_member=addressee is not None, has_address=has_address)
    new = [_due(mail) for mail in found if mail.mail_id is None]
    plan = model.plan(new, recipient, preferences, turn.throttle, now=work.now)
    if not (recipient.is_member and recipient.has_address):
        why = Why.NO_ADDRESS if recipient.is_member else Why.NOT_A_MEMBER
        plan.skipped += [(_due(mail), why) for mail in found if mail.mail_id is not None]
    return plan


def _due(mail: Mail) -> DueMail:
    return DueMail(
        notice_id=mail.notice_id,
        reason=Reason(mail.reason),
        is_urgent=mail.is_urgent,
        is_seen=mail.is_seen,
        is_held=mail.is_held,
        is_outdated=mail.is_outdated,
    )


def _begun(found: Sequence[Mail], plan: Plan) -> list[Leaving]:
    """What began to leave before and did not end well: again, under the same ids."""
    given_up = {skipped.notice_id for skipped, _ in plan.skipped}
    begun = [(mail.mail_id, mail) for mail in found if mail.mail_id is not None and mail.notice_id not in given_up]
    grouped = groupby(sorted(begun, key=lambda pair: pair[0]), key=lambda pair: pair[0])
    return [Leaving(mail_id, [mail for _, mail in pairs]) for mail_id, pairs in grouped]


def _beginning(mails: Mapping[UUID, Mail], plan: Plan) -> list[Leaving]:
    """A mail about one notice has the notice's id; a digest gets one."""
    single = [Leaving(each.notice_id, [mails[each.notice_id]]) for each in plan.single]
    if not plan.digest:
        return single
    return [*single, Leaving(uuid_utils.uuid7(), [mails[each.notice_id] for each in plan.digest])]


async def record_sent(work: UnitOfWork, turn: Turn, leaving: Leaving) -> None:
    """The mail server has taken it. Of a digest, those that it lists are sent, and the others folded into a number."""
    listed = {mail.notice_id for mail in leaving.notices[: leaving.listed]}
    outcomes = [(mail, None if mail.notice_id in listed else Why.FOLDED, False) for mail in leaving.notices]
    await _conclude(work, turn, outcomes)


async def record_refused(work: UnitOfWork, turn: Turn, leaving: Leaving) -> None:
    """The mail server will never take it."""
    await _conclude(work, turn, [(mail, Why.REFUSED, True) for mail in leaving.notices])


async def retry_later(work: UnitOfWork, turn: Turn, leaving: Leaving) -> None:
    """The mail server could not take it now: it is tried again, for a day."""
    first = min(mail.made_at for mail in leaving.notices)
    again = model.next_try(leaving.notices[0].tries + 1, first_due=first, now=work.now)
    if again is None:
        await _conclude(work, turn, [(mail, Why.UNREACHABLE, True) for mail in leaving.notices])
        return
    await _postpone(work, turn, leaving, again)


async def wait_for_text(work: UnitOfWork, turn: Turn, leaving: Leaving) -> None:
    """The service that has the text does not answer just now."""
    await _postpone(work, turn, leaving, work.now + model.PAUSE_FOR_TEXT)


async def _postpone(work: UnitOfWork, turn: Turn, leaving: Leaving, until: datetime) -> None:
    await repository.lock_turn(work.connection, turn.org_id, turn.user_id)
    await repository.postpone(work.connection, turn.org_id, leaving.mail_id, until)
    await repository.refresh_turn(work.connection, turn.org_id, turn.user_id)


async def _leave_out(work: UnitOfWork, turn: Turn, skipped: Sequence[tuple[Mail, Why]]) -> None:
    await _remove_and_record(work, turn, [(mail, why, False) for mail, why in skipped])


async def _conclude(work: UnitOfWork, turn: Turn, outcomes: Sequence[tuple[Mail, Why | None, bool]]) -> None:
    await repository.lock_turn(work.connection, turn.org_id, turn.user_id)
    await _remove_and_record(work, turn, outcomes)
    await repository.refresh_turn(work.connection, turn.org_id, turn.user_id)


async def _remove_and_record(work: UnitOfWork, turn: Turn, outcomes: Sequence[tuple[Mail, Why | None, bool]]) -> None:
    """Only what was still there: a process that was slow may find that another has done it."""
    if not outcomes:
        return
    there = await repository.remove(work.connection, turn.org_id, [mail.notice_id for mail, _, _ in outcomes])
    concluded = [each for each in outcomes if each[0].notice_id in there]
    await ledger.record_waiting(work, turn.org_id, turn.user_id, Channel.MAIL, concluded)
