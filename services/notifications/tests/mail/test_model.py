"""When a mail leaves, waits or is left out: rules that hold for whatever is due, and examples of each."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_contracts.notices import Reason, Why
from opsdash_notifications.mail.model import (
    DueMail,
    MailPreferences,
    Plan,
    Recipient,
    next_try,
    plan,
    why_not,
)
from opsdash_notifications.mail.quiet_hours import QuietHours
from opsdash_notifications.throttle import MOST_IN_A_MINUTE, Throttle

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
HERE = Recipient(is_member=True, has_address=True)
ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
hours = st.builds(
    QuietHours,
    begins=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    zone=st.sampled_from(ZONES),
).filter(lambda quiet: quiet.begins != quiet.ends)
mails = st.lists(
    st.builds(
        DueMail,
        notice_id=st.uuids(),
        reason=st.sampled_from(Reason),
        is_urgent=st.booleans(),
        is_seen=st.booleans(),
        is_held=st.booleans(),
        is_outdated=st.booleans(),
    ),
    max_size=40,
)
preferences = st.builds(
    MailPreferences,
    turned=st.dictionaries(st.sampled_from(Reason), st.booleans()),
    quiet=st.none() | hours,
    urgent_through=st.booleans(),
    muted_until=st.none() | moments,
)
recipients = st.builds(Recipient, is_member=st.booleans(), has_address=st.booleans())
ages = st.lists(st.timedeltas(timedelta(0), timedelta(minutes=3)), max_size=10)


def due(count: int, **changes: object) -> list[DueMail]:
    return [DueMail(UUID(int=number), Reason.MENTIONED, **changes) for number in range(count)]  # type: ignore[arg-type]


def outcome(made: Plan) -> list[DueMail]:
    return [*made.single, *made.digest, *(mail for mail, _ in made.held), *(mail for mail, _ in made.skipped)]


class TestPlan:
    @given(mails, recipients, preferences, ages, moments)
    def test_every_mail_has_one_outcome_and_nobody_gets_too_many(
        self,
        found: list[DueMail],
        recipient: Recipient,
        wishes: MailPreferences,
        lately: list[timedelta],
        now: datetime,
    ) -> None:
        throttle = Throttle(tuple(sorted(now - age for age in lately)))
        made = plan(found, recipient, wishes, throttle, now=now)
        assert sorted(outcome(made), key=str) == sorted(found, key=str)
        new = [mail for mail in made.single if not mail.is_held]
        assert len(new) <= max(MOST_IN_A_MINUTE - throttle.in_last_minute(now), 0)
        assert all(until > now for _, until in made.held)
        assert len(made.digest) != 1
        assert all(why_not(mail, recipient, wishes, now=now) is None for mail in (*made.single, *made.digest))
        if not (recipient.is_member and recipient.has_address):
            assert len(made.skipped) == len(found)

    @given(mails, preferences, moments)
    def test_in_quiet_hours_only_urgent_breaches_leave(
        self, found: list[DueMail], wishes: MailPreferences, now: datetime
    ) -> None:
        made = plan(found, HERE, wishes, Throttle(), now=now)
        if wishes.quiet is not None and wishes.quiet.end_of(now) is not None:
            for mail in (*made.single, *made.digest):
                assert (mail.reason, mail.is_urgent, wishes.urgent_through) == (Reason.SLA_BREACHED, True, True)

    def test_ten_leave_and_the_rest_is_gathered_for_a_minute(self) -> None:
        made = plan(due(5000), HERE, MailPreferences(), Throttle(), now=NOW)
        assert len(made.single) == 10
        assert {until for _, until in made.held} == {NOW + timedelta(minutes=1)}
        assert made.throttle == Throttle((NOW,) * 10, NOW + timedelta(minutes=1))

    def test_what_comes_while_it_is_gathered_joins_it(self) -> None:
        made = plan(due(3), HERE, MailPreferences(), Throttle((), NOW + timedelta(seconds=20)), now=NOW)
        assert [until for _, until in made.held] == [NOW + timedelta(seconds=20)] * 3

    def test_a_minute_later_they_leave_as_one(self) -> None:
        throttle = Throttle((NOW - timedelta(seconds=60),) * 10, NOW)
        made = plan([*due(200, is_held=True), *due(4)], HERE, MailPreferences(), throttle, now=NOW)
        assert (len(made.digest), len(made.single), made.held) == (200, 4, [])

    def test_one_that_waited_alone_leaves_as_itself(self) -> None:
        made = plan(due(1, is_held=True), HERE, MailPreferences(), Throttle(), now=NOW)
        assert (len(made.single), made.digest) == (1, [])

    def test_what_is_held_in_quiet_hours_leaves_at_their_end(self) -> None:
        quiet = QuietHours(time(11), time(14), "Europe/Madrid")
        made = plan(due(2), HERE, MailPreferences(quiet=quiet), Throttle(), now=NOW)
        assert [until for _, until in made.held] == [datetime(2026, 3, 3, 13, tzinfo=UTC)] * 2


class TestWhyNot:
    @pytest.mark.parametrize(
        ("mail", "recipient", "wishes", "why"),
        [
            (due(1)[0], Recipient(is_member=False, has_address=True), MailPreferences(), Why.NOT_A_MEMBER),
            (due(1)[0], Recipient(is_member=True, has_address=False), MailPreferences(), Why.NO_ADDRESS),
            (due(1, is_seen=True)[0], HERE, MailPreferences(), Why.SEEN),
            (due(1, is_outdated=True)[0], HERE, MailPreferences(), Why.TOO_OLD),
            (due(1)[0], HERE, MailPreferences({Reason.MENTIONED: False}), Why.TURNED_OFF),
            (due(1)[0], HERE, MailPreferences(muted_until=NOW + timedelta(seconds=1)), Why.MUTED),
            (due(1)[0], HERE, MailPreferences(muted_until=NOW), None),
        ],
    )
    def test_it_is_said(self, mail: DueMail, recipient: Recipient, wishes: MailPreferences, why: Why | None) -> None:
        assert why_not(mail, recipient, wishes, now=NOW) is why

    def test_changes_of_status_are_to_be_turned_on(self) -> None:
        assert [reason for reason in Reason if not MailPreferences().wants(reason)] == [Reason.STATUS_CHANGED]
        assert MailPreferences({Reason.STATUS_CHANGED: True}).wants(Reason.STATUS_CHANGED)


class TestQuietHours:
    @given(hours, moments)
    def test_they_hold_by_the_clock_on_the_wall_and_end(self, quiet: QuietHours, now: datetime) -> None:
        wall = now.astimezone(ZoneInfo(quiet.zone)).time()
        inside = (
            quiet.begins <= wall < quiet.ends if quiet.begins < quiet.ends else not (quiet.ends <= wall < quiet.begins)
        )
        end = quiet.end_of(now)
        assert (end is not None) is inside
        if end is not None:
            assert now < end <= now + timedelta(hours=26)

    @given(hours, moments)
    def test_following_their_ends_leads_out_of_them(self, quiet: QuietHours, now: datetime) -> None:
        """Also where the clock is set back over their end."""
        for _ in range(3):
            end = quiet.end_of(now)
            if end is None:
                return
            now = end
        assert quiet.end_of(now) is None

    @pytest.mark.parametrize(
        ("at", "end"),
        [
            (datetime(2026, 3, 3, 21, 30, tzinfo=UTC), datetime(2026, 3, 4, 6, tzinfo=UTC)),
            (datetime(2026, 3, 4, 5, 59, tzinfo=UTC), datetime(2026, 3, 4, 6, tzinfo=UTC)),
            (datetime(2026, 3, 4, 6, tzinfo=UTC), None),
            (datetime(2026, 3, 3, 20, 59, tzinfo=UTC), None),
            (datetime(2026, 3, 3, 21, 0, tzinfo=UTC), datetime(2026, 3, 4, 6, tzinfo=UTC)),
            (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),  # the clock goes forward
        ],
    )
    def test_over_midnight_in_madrid(self, at: datetime, end: datetime | None) -> None:
        assert QuietHours(time(22), time(7), "Europe/Madrid").end_of(at) == end

    @pytest.mark.parametrize("zone", ["Atlantis/Capital", "../zone"])
    def test_of_a_zone_that_is_not_known_here_the_clock_is_utc(self, zone: str) -> None:
        quiet = QuietHours(time(22), time(7), zone)
        late = datetime(2026, 3, 3, 23, tzinfo=UTC)
        assert (quiet.end_of(late), quiet.end_of(NOW)) == (
            QuietHours(quiet.begins, quiet.ends, "UTC").end_of(late),
            None,
        )


class TestTries:
    def test_pauses_grow_to_an_hour(self) -> None:
        pauses = [next_try(tries, first_due=NOW, now=NOW) for tries in (1, 2, 3, 6, 7, 50)]
        assert [None if at is None else (at - NOW) / timedelta(minutes=1) for at in pauses] == [1, 2, 4, 32, 60, 60]

    def test_it_is_given_up_after_a_day(self) -> None:
        assert next_try(30, first_due=NOW - timedelta(hours=24), now=NOW) is not None
        assert next_try(30, first_due=NOW - timedelta(hours=24, seconds=1), now=NOW) is None
