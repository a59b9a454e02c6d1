"""The daily mail of what is overdue, when somebody else is away, a process ends, or one person's cannot be made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from opsdash_notifications.mail.smtp import MailConnection
from opsdash_notifications.overdue import service
from prometheus_client import REGISTRY

from services.notifications.tests.mail.conftest import JONAS, MAYA
from services.notifications.tests.mail.digests import Digests

Fault = Callable[[], Awaitable[None]]


class TestOutages:
    async def test_killed_after_the_server_took_it_the_same_mail_comes_again(
        self, digests: Digests, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException):
            """As a process that ends there."""

        await digests.chosen(JONAS)
        send = MailConnection.send

        async def send_and_die(*arguments: object, **named: object) -> None:
            await send(*arguments, **named)  # type: ignore[arg-type]
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(MailConnection, "send", send_and_die)
            with pytest.raises(Killed):
                await digests.day()
        await digests.day()
        assert len(digests.taken) == 1, "another process still has time for it"
        await digests.wait(service.LEASE)
        await digests.day()
        first, second = digests.taken
        assert first["Message-ID"] == second["Message-ID"]
        await digests.wait(service.LEASE)
        await digests.day()
        assert len(digests.taken) == 2

    async def test_replicas_send_each_once(self, digests: Digests) -> None:
        await digests.chosen(MAYA)
        await digests.chosen(JONAS)
        await asyncio.gather(*(digests.day() for _ in range(3)))
        assert len({str(mail["Message-ID"]) for mail in digests.taken}) == len(digests.taken) == 3

    @pytest.mark.parametrize("what", ["tickets", "mail", "mail_server"])
    async def test_what_is_away_is_waited_for(self, digests: Digests, what: str) -> None:
        away, back = self.faults(digests)[what]
        await digests.chosen(JONAS)
        await away()
        await digests.day()
        assert digests.taken == []
        await back()
        await digests.wait(service.PAUSE)
        await digests.day()
        assert len(digests.taken) == 1

    async def test_while_tickets_are_away_they_are_asked_for_one_digest_and_the_others_stay_due(
        self, digests: Digests
    ) -> None:
        digests.tickets.away = True
        await digests.chosen(MAYA)
        await digests.chosen(JONAS)
        await digests.day()
        assert digests.tickets.asked == 1
        digests.tickets.away = False
        await digests.day()
        assert digests.tickets.asked == 4, "those of two people in two orgs but the first"
        await digests.wait(service.PAUSE)
        await digests.day()
        assert (digests.tickets.asked, len(digests.taken)) == (5, 3)

    async def test_but_not_until_the_day_is_over(self, digests: Digests) -> None:
        digests.tickets.away = True
        await digests.chosen(JONAS)
        await digests.day()
        digests.tickets.away = False
        await digests.mails.execute("UPDATE overdue_digests SET made_at = made_at - interval '7 hours'")
        await digests.wait(service.PAUSE)
        await digests.day()
        assert digests.taken == []

    def faults(
        self, digests: Digests
    ) -> dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]]:
        async def set_away(*, away: bool) -> None:
            digests.tickets.away = away

        async def answer(said: str) -> None:
            digests.mails.server.answer_to_mail = said

        server = digests.mails.server
        return {
            "tickets": (lambda: set_away(away=True), lambda: set_away(away=False)),
            "mail": (lambda: answer("451 try again later"), lambda: answer("250 OK")),
            "mail_server": (server.stop, server.start),
        }


class TestOneThatFails:
    """A zone that this machine does not know, or whatever else is wrong with one person's digest."""

    async def test_an_hour_that_cannot_be_told_keeps_up_no_other(self, digests: Digests) -> None:
        await digests.chosen(MAYA, digest_zone="Atlantis/Capital")
        await digests.chosen(JONAS)
        before = put_off("digest_hour")
        await digests.day()
        assert {mail["To"].addresses[0].display_name for mail in digests.taken} == {"Jonas Bergström"}
        assert put_off("digest_hour") == before + 1

    async def test_a_digest_that_cannot_be_made_is_tried_later(self, digests: Digests) -> None:
        await digests.chosen(MAYA)
        await digests.chosen(JONAS)
        await service.begin_due(digests.mails.database)
        await digests.mails.execute(
            "UPDATE mail_preferences SET digest_zone = 'Atlantis/Capital' WHERE user_id = $1", MAYA
        )
        await digests.mails.execute(
            "UPDATE overdue_digests SET due_at = due_at - interval '1 s' WHERE user_id = $1", MAYA
        )
        for _ in range(2):
            await digests.sender.run(digests.mails.database)
            assert len(digests.taken) == 1
        await digests.mails.execute("UPDATE mail_preferences SET digest_zone = 'UTC'")
        await digests.wait(service.LEASE)
        await digests.sender.run(digests.mails.database)
        assert len(digests.taken) == 3

    async def test_it_is_given_up_when_it_is_too_late(self, digests: Digests) -> None:
        await digests.chosen(MAYA)
        await service.begin_due(digests.mails.database)
        await digests.mails.execute("UPDATE mail_preferences SET digest_zone = 'Atlantis/Capital'")
        await digests.mails.execute("UPDATE overdue_digests SET made_at = made_at - interval '7 hours'")
        await digests.sender.run(digests.mails.database)
        assert await digests.mails.stored.fetch("SELECT FROM overdue_digests WHERE due_at IS NOT NULL") == []


def put_off(kind: str) -> float:
    return REGISTRY.get_sample_value("opsdash_rows_put_off_total", {"kind": kind}) or 0
