"""What an outage of the mail server, a kill or a refusal does not lose, and what comes twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from opsdash_notifications.mail import service
from opsdash_notifications.mail.smtp import MailConnection, SmtpTls

from services.notifications.tests.mail.conftest import JONAS, MAYA, Mails

SENT = ("notice.sent", None)
DAY = timedelta(days=1)


async def test_nothing_is_lost_while_the_server_is_away(mails: Mails) -> None:
    await mails.notice(MAYA)
    await mails.pass_by()
    await mails.server.stop()
    await mails.run()
    assert "waits for smtp" in mails.sender.ready()[1]
    assert (await mails.waiting(), await mails.outcomes()) == (1, [])
    await mails.server.start()
    await mails.run()
    assert mails.sender.ready() == (True, "sending")
    assert (len(mails.server.taken), await mails.outcomes()) == (1, [SENT])


async def test_a_server_that_takes_none_from_us_is_away(mails: Mails) -> None:
    """It offers no TLS, and TLS is asked for."""
    await mails.notice(MAYA)
    await mails.pass_by()
    server = replace(mails.sender.server, tls=SmtpTls.STARTTLS)
    sender = replace(mails.sender, server=server)
    await sender.run(mails.database)
    assert "waits for smtp" in sender.ready()[1]
    assert (mails.server.taken, await mails.waiting()) == ([], 1)


async def test_killed_after_the_server_took_it_the_same_mail_comes_again(
    mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As a process that ends there."""

    for number in range(1, 15):
        await mails.notice(MAYA, number=number)
    await mails.pass_by()
    await mails.run()
    await mails.pass_by()
    await mails.notice(JONAS)
    await mails.pass_by()
    send = MailConnection.send

    async def send_and_die(*arguments: object, **named: object) -> None:
        await send(*arguments, **named)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(MailConnection, "send", send_and_die)
        for _ in range(2):
            with pytest.raises(Killed):
                await mails.run()
    taken = len(mails.server.taken)
    assert taken == 12
    await mails.run()
    assert len(mails.server.taken) == taken, "another process still has time for them"
    await mails.pass_by(service.LEASE)
    await mails.run()
    assert len(mails.server.taken) == taken + 2
    ids = [str(mail["Message-ID"]) for mail in mails.server.taken]
    assert sorted(ids[10:12]) == sorted(ids[12:])
    assert await mails.outcomes() == [SENT] * 15
    assert await mails.waiting() == 0


async def test_who_was_slow_records_nothing_twice(mails: Mails) -> None:
    await mails.notice(MAYA)
    await mails.pass_by()
    async with mails.work() as work:
        departure = await service.depart(work)
    assert departure is not None
    await mails.pass_by(service.LEASE)
    await mails.run()
    async with mails.work() as work:
        await service.record_sent(work, departure.turn, departure.mails[0])
    assert await mails.outcomes() == [SENT]


async def test_a_recipient_who_is_refused_is_recorded_and_others_go_on(mails: Mails) -> None:
    mails.server.answer_to_recipient = "550 no such mailbox maya@brightside.example"
    await mails.notice(MAYA)
    await mails.pass_by()
    await mails.run()
    assert (await mails.outcomes(), await mails.waiting()) == ([("notice.failed", "refused")], 0)
    mails.server.answer_to_recipient = "250 OK"
    await mails.notice(JONAS)
    await mails.pass_by()
    await mails.run()
    assert mails.server.recipients == ["jonas@brightside.example"]


@pytest.mark.parametrize("where", ["answer_to_recipient", "answer_to_mail"])
async def test_what_is_not_taken_now_is_tried_again_for_a_day(mails: Mails, where: str) -> None:
    setattr(mails.server, where, "451 try again later")
    await mails.notice(MAYA)
    await mails.pass_by()
    await mails.run()
    await mails.run()
    assert (await mails.waiting(), await mails.outcomes()) == (1, [])
    setattr(mails.server, where, "250 OK")
    await mails.pass_by()
    await mails.run()
    assert (len(mails.server.taken), await mails.outcomes()) == (1, [SENT])


async def test_after_a_day_it_is_given_up(mails: Mails) -> None:
    mails.server.answer_to_mail = "451 try again later"
    await mails.notice(MAYA)
    await mails.pass_by(DAY)
    await mails.run()
    assert await mails.outcomes() == [("notice.failed", "unreachable")]
