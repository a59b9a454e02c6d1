"""Mails with the text they are about: where the org wants it, and for who may read it when the mail leaves."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

import pytest
from opsdash_contracts.notices import Reason
from opsdash_notifications.mail import model
from opsdash_tenancy.excerpts import MOST_CHARACTERS, Excerpt, excerpt

from services.notifications.tests.mail.conftest import JONAS, MAYA, ORG, Mails

TICKET = UUID(int=42)
COMMENT = uuid4()
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</blockquote><a href='https://evil.example'>Sign in</a>",
    "{{ config }} {% raw %} %(actor)s",
    "\r\nBcc: victim@example.test\r\n\r\nhello",
    "-- \nnot a signature",
    "\u202egnp.exe\u202c and \u0000 and \x1b[31m",
    "--===============boundary==\nContent-Type: text/html",
    "&lt;b&gt; &amp;",
]


@pytest.fixture
async def mails(mails: Mails) -> Mails:
    """Whose org wants the texts."""
    await mails.execute(
        "INSERT INTO org_settings (org_id, escalate_after_hours, include_text, version) VALUES ($1, 24, true, 1)", ORG
    )
    return mails


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Plain text and HTML."""
    found = [mail.get_body((kind,)) for kind in ("plain", "html")]
    plain, html = (str(part.get_content()).replace("\r\n", "\n") for part in found if part is not None)
    return plain, html


async def sent(mails: Mails) -> tuple[str, str]:
    await mails.pass_by()
    await mails.run()
    (mail,) = mails.server.taken
    return parts(mail)


async def test_a_comment_is_told_with_its_text(mails: Mails) -> None:
    mails.texts.there[MAYA, COMMENT] = excerpt("Please look at **line 3**.\n\n\n\nThanks")
    await mails.notice(MAYA, comment=COMMENT)
    plain, html = await sent(mails)
    assert "> Please look at **line 3**.\n> \n> Thanks\n" in plain
    assert "Please look at **line 3**.\n\nThanks</blockquote>" in html


async def test_a_ticket_is_told_with_the_beginning_of_its_description(mails: Mails) -> None:
    mails.texts.there[MAYA, TICKET] = excerpt("x" * (MOST_CHARACTERS + 1))
    await mails.notice(MAYA, reason=Reason.ASSIGNED)
    plain, html = await sent(mails)
    for text in (plain, html):
        assert "x" * MOST_CHARACTERS + "…" in text
        assert "x" * (MOST_CHARACTERS + 1) not in text


async def test_an_org_that_does_not_want_it_has_none(mails: Mails) -> None:
    await mails.execute("UPDATE org_settings SET include_text = false")
    mails.texts.there[MAYA, COMMENT] = excerpt("Secret")
    await mails.notice(MAYA, comment=COMMENT)
    assert all("Secret" not in part for part in await sent(mails))
    assert mails.texts.asked == 0


async def test_who_may_not_read_it_any_more_has_the_mail_without(mails: Mails) -> None:
    mails.texts.there[JONAS, COMMENT] = excerpt("Secret")
    await mails.notice(MAYA, comment=COMMENT)
    plain, html = await sent(mails)
    assert "Jonas Bergström mentioned you." in plain
    assert ("Secret" in plain + html, "blockquote" in html, mails.texts.asked) == (False, False, 1)


async def test_who_has_left_meanwhile_has_no_mail_and_nothing_is_asked(mails: Mails) -> None:
    mails.texts.there[MAYA, COMMENT] = excerpt("Secret")
    await mails.notice(MAYA, comment=COMMENT)
    await mails.execute("UPDATE members SET removed_at = now() WHERE user_id = $1", MAYA)
    await mails.pass_by()
    await mails.run()
    assert (mails.server.taken, mails.texts.asked) == ([], 0)


async def test_a_mail_waits_for_its_text_but_not_for_ever(mails: Mails) -> None:
    mails.texts.away = True
    await mails.notice(MAYA, comment=COMMENT)
    await mails.pass_by()
    for _ in range(model.MOST_WAITS_FOR_TEXT):
        await mails.run()
        assert mails.server.taken == []
        await mails.pass_by(model.PAUSE_FOR_TEXT)
    await mails.run()
    (mail,) = mails.server.taken
    assert "Jonas Bergström mentioned you." in parts(mail)[0]
    assert await mails.outcomes() == [("notice.sent", None)]


async def test_a_text_that_is_there_again_is_in_the_mail(mails: Mails) -> None:
    mails.texts.away = True
    await mails.notice(MAYA, comment=COMMENT)
    await mails.pass_by()
    await mails.run()
    mails.texts.away, mails.texts.there[MAYA, COMMENT] = False, excerpt("Hello again")
    await mails.pass_by(model.PAUSE_FOR_TEXT)
    await mails.run()
    assert "> Hello again" in parts(mails.server.taken[0])[0]


async def test_while_a_service_is_away_it_is_not_asked_for_each_mail(mails: Mails) -> None:
    mails.texts.away = True
    for number in range(1, 6):
        await mails.notice(MAYA, number=number)
    await mails.pass_by()
    await mails.run()
    assert (mails.texts.asked, await mails.waiting()) == (1, 5)


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_people_typed_is_text_in_both_parts(mails: Mails, text: str) -> None:
    mails.texts.there[MAYA, COMMENT] = Excerpt(text=text, is_whole=True)
    await mails.notice(MAYA, comment=COMMENT)
    await mails.pass_by()
    await mails.run()
    (mail,) = mails.server.taken
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["Bcc"] is None
    plain, html = parts(mail)
    quoted = html.split("pre-wrap")[1].split(">", 1)[1].split("</blockquote>")[0]
    assert "<" not in quoted
    assert not {"\u202e", "\x00", "\x1b"} & {*plain, *html}
    assert plain.count("\n-- \n") == 1, "the signature of the mail begins once"


async def test_a_digest_has_no_texts(mails: Mails) -> None:
    for number in range(1, 13):
        mails.texts.there[MAYA, UUID(int=number)] = excerpt("Secret")
        await mails.notice(MAYA, number=number)
    for _ in range(2):
        await mails.pass_by(timedelta(seconds=61))
        await mails.run()
    digest = mails.server.taken[10]
    assert digest["Subject"] == "[brightside] 2 notices"
    assert "Secret" not in "".join(parts(digest))
