"""The mail that is written: its form, its headers, and titles and names that would be something else there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from uuid import UUID

import pytest
from opsdash_contracts.notices import Reason
from opsdash_notifications.mail.composition import MOST_LINES, BadAddress, Heading, Line, digest_mail, notice_mail
from opsdash_notifications.mail.headers import LONGEST

MESSAGE, TICKET = UUID("6f1b0a52-5a0e-5c0b-9a44-0b7f4c1d2e90"), UUID("0198c0de-1111-7abc-8def-0000000000aa")
LINK = f"https://support.example.test/unsubscribe/{MESSAGE}/assigned,commented,mentioned/{'x' * 32}"
HEADING = Heading(
    sender="support@opsdash.example",
    recipient_name="Maya Lindqvist",
    recipient="maya@brightside.example",
    org_name="Brightside",
    message_id=MESSAGE,
    thread_id=TICKET,
    unsubscribe_url=LINK,
    language="en",
    at=datetime(2026, 3, 3, 9, 16, tzinfo=UTC),
)
URL = "https://support.example.test/en/org/brightside/support/42"
LINE = Line(Reason.MENTIONED, "Tomás Herrera", 42, "Invoice shows the wrong VAT rate", URL)
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
}
HOSTILE = [
    "x\r\nBcc: victim@example.test",
    "x\nBcc: victim@example.test",
    "x\rBcc: victim@example.test",
    "x\r\n\r\n<script>alert(1)</script>",
    "x\x00y",
    "x\x0by\x0cz",
    "x\x1b[31mred",
    "x\x7f\x80\x85\x9f",
    "x\u2028Bcc: victim@example.test",
    "x\u2029y",
    "\u202egnp.exe",
    "\u2066x\u2069\u200f\u200e",
    "\ufeff\u200b\u2060\u00ad",
    "\ud800 alone",
    "=?utf-8?b?QmNjOiB2aWN0aW1AZXhhbXBsZS50ZXN0?=",
    "=?utf-8?q?x=0D=0ABcc:_victim?=",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></head><body onload=alert(1)>",
    "</bdi></a><a href='https://evil.example'>here</a>",
    "{{ 7*7 }}{% include '/etc/passwd' %}",
    "%(actor)s %s %d %%",
    "javascript:alert(1)",
    'a, b <victim@example.test>, "c"',
    "victim@example.test>, <other@example.test",
    "(comment) [group]: a;b",
    "." * 3000,
    "\U0001f469\u200d\U0001f4bb works \u0915\u094d\u200d\u0937",
    "ñ" * 500,
    "   \t  ",
    "--=_boundary\r\nContent-Type: text/html",
    "\U000e0041\U000f0000\ufffe",
]


def read_again(mail: EmailMessage) -> EmailMessage:
    """As a client reads what went over the wire."""
    made = message_from_bytes(bytes(mail), policy=policy.default)
    assert isinstance(made, EmailMessage)
    return made


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


class TestForm:
    def test_subject_and_headers(self) -> None:
        mail = read_again(notice_mail(LINE, HEADING))
        assert mail["Subject"] == "[#42] Invoice shows the wrong VAT rate"
        assert mail["From"] == "OpsDash Support <support@opsdash.example>"
        assert mail["To"] == "Maya Lindqvist <maya@brightside.example>"
        assert mail["Message-ID"] == f"<{MESSAGE}@opsdash.example>"
        assert mail["References"] == f"<{TICKET}@opsdash.example>"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert set(mail.keys()) == HEADERS

    def test_the_link_to_unsubscribe_is_in_the_header_as_it_is(self) -> None:
        """A line longer than others, because clients do not read a link that is encoded."""
        assert f"\r\nList-Unsubscribe: <{LINK}>\r\n".encode() in bytes(notice_mail(LINE, HEADING))

    def test_reason_actor_and_link_are_in_both_forms(self) -> None:
        mail = read_again(notice_mail(LINE, HEADING))
        for kind in ("plain", "html"):
            said = content(mail, kind)
            assert "Tomás Herrera mentioned you." in said
            assert "[#42] Invoice shows the wrong VAT rate" in said
            assert URL in said
            assert LINK in said
            assert "comments that mention you" in said

    def test_a_reminder_has_the_note_of_who_gets_it_as_one_line_of_text(self) -> None:
        line = replace(LINE, reason=Reason.REMINDER, actor=None, note="Ask <b>again</b>\r\nBcc: x")
        for mail in (notice_mail(line, HEADING), digest_mail([line, LINE], HEADING)):
            said = read_again(mail)
            assert "\nAsk <b>again</b> Bcc: x\n" in content(said, "plain").replace("\r", "")
            assert "<bdi>Ask &lt;b&gt;again&lt;/b&gt; Bcc: x</bdi>" in content(said, "html")

    def test_it_is_in_the_language_of_the_recipient(self) -> None:
        mail = read_again(notice_mail(LINE, replace(HEADING, language="es")))
        assert "Tomás Herrera te ha mencionado." in content(mail, "plain")
        assert '<html lang="es">' in content(mail, "html")

    def test_what_is_about_the_org_names_the_org(self) -> None:
        mail = read_again(notice_mail(Line(Reason.USAGE, None, None, None, URL), HEADING))
        assert str(mail["Subject"]).startswith("[Brightside] Your tickets come near the limit")

    def test_the_same_notice_makes_the_same_ids(self) -> None:
        first, second = (notice_mail(LINE, HEADING) for _ in range(2))
        assert first["Message-ID"] == second["Message-ID"]


class TestDigest:
    def test_it_lists_each_and_counts_the_rest(self) -> None:
        lines = [replace(LINE, number=number) for number in range(1, MOST_LINES + 8)]
        mail = read_again(digest_mail(lines, HEADING))
        assert mail["Subject"] == f"[Brightside] {MOST_LINES + 7} notices"
        for kind in ("plain", "html"):
            said = content(mail, kind)
            assert said.count("Invoice shows") == MOST_LINES
            assert "7 more are in your inbox." in said

    def test_nothing_is_counted_where_all_are_listed(self) -> None:
        mail = read_again(digest_mail([LINE, replace(LINE, reason=Reason.ASSIGNED)], HEADING))
        assert "in your inbox" not in content(mail, "plain")
        assert "tickets assigned to you, comments that mention you" in content(mail, "plain")


@pytest.mark.parametrize("text", HOSTILE)
class TestHostile:
    def test_no_header_is_added_or_broken(self, text: str) -> None:
        heading = replace(HEADING, recipient_name=text, org_name=text)
        for sent in (
            notice_mail(replace(LINE, title=text, actor=text), heading),
            notice_mail(Line(Reason.USAGE, text, None, None, URL), heading),
            digest_mail([replace(LINE, title=text, actor=text)] * 2, heading),
        ):
            mail = read_again(sent)
            assert set(mail.keys()) == HEADERS
            assert len(mail.get_all("To", [])) == 1
            assert [address.addr_spec for address in mail["To"].addresses] == [HEADING.recipient]
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", str(mail["Subject"]))
            assert len(str(mail["Subject"])) <= LONGEST * 2
            assert all(len(line) <= 998 for line in bytes(sent).split(b"\r\n"))
            assert bytes(sent).count(b"\n") == bytes(sent).count(b"\r\n")

    def test_no_tag_is_added(self, text: str) -> None:
        plain = Tags(content(read_again(notice_mail(LINE, HEADING)), "html")).found
        heading = replace(HEADING, recipient_name=text, org_name=text)
        shown = Tags(content(read_again(notice_mail(replace(LINE, title=text, actor=text), heading)), "html")).found
        assert shown == plain

    def test_the_plain_text_keeps_its_lines(self, text: str) -> None:
        usual = content(read_again(notice_mail(LINE, HEADING)), "plain")
        said = content(read_again(notice_mail(replace(LINE, title=text, actor=text), HEADING)), "plain")
        assert len(said.splitlines()) == len(usual.splitlines())


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maya",
        "@brightside.example",
        "maya@",
        "maya@b\r\nBcc: x@y.example",
        "maya@brightside.example, other@example.test",
        "maya@brightside.example>",
        "<maya@brightside.example>",
        '"a b"@brightside.example',
        "mäya@brightside.example",
        "maya @brightside.example",
        "maya@[127.0.0.1]",
        "maya@brightside..example",
        f"{'x' * 65}@brightside.example",
        "maya@brightside.example\x00",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        notice_mail(LINE, replace(HEADING, recipient=address))


def test_a_domain_is_written_in_its_ascii_form() -> None:
    mail = notice_mail(LINE, replace(HEADING, recipient="maya@bücher.example"))
    assert mail["To"].addresses[0].addr_spec == "maya@xn--bcher-kva.example"
