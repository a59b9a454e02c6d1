"""Messages to chats: what people typed mentions nobody, is no markup and no link, and stays in its line."""

from __future__ import annotations

import re

import pytest
from opsdash_contracts.notices import Reason
from opsdash_notifications.chat.text import MOST_LINES, Entry, harmless, lines, lines_of_test

URL = "https://support.example.test/en/org/brightside/support/42"
HOSTILE = [
    "@everyone", "@here look", "@channel", "@all now", "@room", "<!channel>", "<!everyone|all>", "<!subteam^S1|x>",
    "<@U012AB3CD>", "<users/all>", "<at>Everyone</at>", "<@&123456>", "\uff20everyone", "&lt;!channel&gt;",
    "[Sign in](https://evil.example)", "<https://evil.example|Sign in>", "https://evil.example/login",
    "hxxp http://evil.example", "www.evil.example", "mailto:a@evil.example", "![x](https://evil.example/x.png)",
    "x](https://evil.example) [y", "**bold** __bold__ _it_ ~~gone~~ `code`", "```\nblock\n```", "> quote", "# heading",
    "line\n[#1] Another ticket", "line\r\n[#1] Another", "a\u2028[#1] b", "a\u2029b", "a\x00b\x1b[31mc",
    "\u202egnihsihp", "<script>alert(1)</script>",
    "a\u200bb\ufeffc", "||spoiler||", "\\<!channel\\>", "tel:+1-555", "#general", "x" * 5000, " \t ",
]  # fmt: skip
#: What one of the chats would act on.
ACTIVE = [
    re.compile(r"[@\uff20](?=\w)"),
    re.compile(r"[<>*`~|\\\[\]]"),
    re.compile(r"://"),
    re.compile(r"\w\.\w"),
    re.compile(r"(?<![^\W_])_|_(?![^\W_])"),
    re.compile(r"&\w+;"),
    re.compile(r"#\w"),
    re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\ufeff]"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_title_or_a_name_stays_text_in_its_line(text: str):
    entry = Entry(Reason.COMMENTED, text, 42, text, URL)
    heading, happening, link = lines([entry], text, URL, "en")
    assert link == URL
    assert heading.startswith("[#42]")
    name = lines_of_test(text, "en")[0].removeprefix("[").partition("]")[0]
    for written in (heading.removeprefix("[#42]"), happening, name):
        assert [pattern.pattern for pattern in ACTIVE if pattern.search(written)] == []
    assert len(heading) < 500


@pytest.mark.parametrize("text", HOSTILE)
def test_a_digest_has_as_many_lines_as_it_should(text: str):
    entries = [Entry(Reason.COMMENTED, text, number, text, URL) for number in range(20)]
    found = lines(entries, text, URL, "en")
    assert len(found) == MOST_LINES + 3
    assert all(len(line.splitlines()) == 1 for line in found)
    assert found[-2:] == ["and 12 more", URL]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Invoice shows the wrong VAT rate", "Invoice shows the wrong VAT rate"),
        ("snake_case and v2 at 10:30, 50 %", "snake_case and v2 at 10:30, 50 %"),
        ("¿Dónde está mi factura?", "¿Dónde está mi factura?"),
        ("請求書 👩‍💻", "請求書 👩‍💻"),
    ],
)
def test_ordinary_titles_stay_as_they_are(text: str, shown: str):
    assert harmless(text, 150) == shown


def test_what_happened_is_said_to_everybody_in_the_language_of_the_org():
    for reason in (Reason.ASSIGNED, Reason.MENTIONED, Reason.USAGE, Reason.SLA_BREACHED):
        for language in ("en", "es"):
            for actor in (None, "Maya"):
                said = lines([Entry(reason, actor, 1, "t", URL)], "o", URL, language)[1]
                assert not re.search(r"\b(you|your|te|tu|tus)\b", said, re.IGNORECASE)
    assert lines([Entry(Reason.ASSIGNED, "Maya", 1, "t", URL)], "o", URL, "es")[1] == "Maya ha asignado este ticket."


def test_what_is_about_the_org_has_its_name():
    assert lines([Entry(Reason.USAGE, None, None, None, URL)], "Brightside", URL, "en")[0] == "[Brightside]"
