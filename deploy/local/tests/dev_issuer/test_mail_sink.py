"""The mail sink: what comes over SMTP is kept and shown, harmless whatever it holds, and bounded in memory."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from opsdash_chassis.errors import StartupError
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.gateway.app import build_app
from opsdash_local.mail_sink.inbox import LARGEST_MAIL_BYTES, MOST_BYTES, MOST_MAILS, MailInbox
from opsdash_local.mail_sink.smtp import SmtpSink
from opsdash_local.ports import LOOPBACK, free_port
from pydantic import ValidationError

from services.gateway.tests.test_settings import SETTINGS

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def message(subject: str = "[#42] Invoice is wrong", *, html: str | None = None) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "support@opsdash.example", "maya@opsdash.example", subject
    made["Message-ID"] = "<1@opsdash.example>"
    made.set_content("Maya, you were mentioned & asked.\n")
    if html is not None:
        made.add_alternative(html, subtype="html")
    return made


def deliver(port: int, *messages: EmailMessage) -> None:
    with smtplib.SMTP(LOOPBACK, port, timeout=30) as client:
        for each in messages:
            client.send_message(each)


@pytest.fixture
async def running(start_gateway: Any) -> Any:
    port = free_port()
    gateway = await start_gateway(dev_mail_port=port)

    async def page(path: str = "") -> tuple[int, Any, str]:
        status, headers, body = await gateway.call("GET", f"/dev/mail{path}", token="")
        return status, headers, body.decode()

    async def sent(*messages: EmailMessage) -> None:
        await asyncio.to_thread(deliver, port, *messages)

    return page, sent


async def test_a_mail_is_kept_and_shown(running: Any) -> None:
    page, send = running
    assert "None yet" in (await page())[2]
    await send(message(), message("Ünïcode, second"))
    _, headers, listed = await page()
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert listed.index("Ünïcode, second") < listed.index("[#42] Invoice is wrong")
    _, _, shown = await page("/1")
    assert "Maya, you were mentioned &amp; asked." in shown
    assert "Message-ID: &lt;1@opsdash.example&gt;" in shown
    assert "/dev/mail/1/html" not in shown
    assert (await page("/1/html"))[0] == 404
    assert (await page("/3"))[0] == 404


async def test_hostile_subjects_and_texts_are_escaped(running: Any) -> None:
    page, send = running
    await send(message(HOSTILE, html=f"<p>{HOSTILE}</p>"))
    for path in ("", "/1"):
        shown = (await page(path))[2]
        assert "&lt;script&gt;alert(1)" in shown
        assert "<script>alert" not in shown
        assert "<img" not in shown


async def test_the_html_of_a_mail_may_do_nothing(running: Any) -> None:
    page, send = running
    await send(message(html=f"<p>{HOSTILE}</p>"))
    assert "/dev/mail/1/html" in (await page("/1"))[2]
    status, headers, body = await page("/1/html")
    assert (status, HOSTILE in body) == (200, True)
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert not {"allow-scripts", "script-src", "allow-same-origin"} & set(policy.replace(";", "").split())
    assert headers["x-content-type-options"] == "nosniff"


async def test_what_is_no_mail_is_shown_too(running: Any) -> None:
    page, send = running
    broken = EmailMessage()
    broken["To"] = "a@opsdash.example"
    broken["From"] = "b@opsdash.example"
    await send(broken)
    status, _, shown = await page("/1")
    assert status == 200
    assert "(no subject)" in shown


class TestBounds:
    def test_the_oldest_go_when_there_are_too_many(self) -> None:
        inbox = MailInbox()
        for _ in range(MOST_MAILS + 1):
            inbox.keep("a@b", ("c@d",), b"Subject: x\r\n\r\ny")
        numbers = [mail.number for mail in inbox.newest_first()]
        assert (len(numbers), numbers[0], numbers[-1]) == (MOST_MAILS, MOST_MAILS + 1, 2)

    def test_and_when_they_are_too_large(self) -> None:
        inbox = MailInbox()
        for _ in range(20):
            inbox.keep("a@b", ("c@d",), b"x" * LARGEST_MAIL_BYTES)
        assert sum(len(mail.content) for mail in inbox.newest_first()) == MOST_BYTES

    async def test_one_that_is_too_large_is_refused(self) -> None:
        inbox, port = MailInbox(), free_port()
        sink = SmtpSink(LOOPBACK, port, inbox)
        await sink.start()
        large = message()
        large.set_content("x\n" * LARGEST_MAIL_BYTES)
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            await asyncio.to_thread(deliver, port, large)
        await sink.stop()
        assert refused.value.smtp_code == 552
        assert list(inbox.newest_first()) == []


class TestSettings:
    def test_production_refuses_it(self) -> None:
        with pytest.raises(ValidationError, match="OPSDASH_DEV_MAIL_PORT exists in the local profile only"):
            LocalGatewaySettings(**SETTINGS, dev_mail_port=2525)

    def test_without_the_setting_there_are_no_pages(self) -> None:
        client = TestClient(build_app(LocalGatewaySettings(**SETTINGS)), base_url=SETTINGS["public_url"])
        assert client.get("/dev/mail").status_code == 404

    async def test_a_port_that_is_taken_is_named(self, tmp_path: Path) -> None:
        port = free_port()
        first, second = (SmtpSink(LOOPBACK, port, MailInbox()) for _ in range(2))
        await first.start()
        with pytest.raises(StartupError, match=f"OPSDASH_DEV_MAIL_PORT: nothing can listen on {port}"):
            await second.start()
        await first.stop()
