"""Take the pictures of docs/screenshots: `make screenshots`. The demo, always the same people and tickets.

With names of pictures, `python -m tests.browser.screenshots inbox mail`, those only.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from email.header import decode_header, make_header
from html import escape, unescape
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from playwright.async_api import Browser, Page

from tests.browser import browsers
from tests.browser.visitors import PHONE, WINDOW, sign_in
from tests.support.local_stack import DemoStack, demo_stack
from tests.support.measurements import eventually

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
PERSON = "Maya Lindqvist"
FREE_PERSON = "Noah Bennett"
MAIL = "mail"
# The demo is a few seconds old. Spread it over the days before, so that due times look as they do in real life.
_AGE = """
UPDATE tickets SET created_at = created_at - age, updated_at = updated_at - age / 2, sla_due_at = sla_due_at - age
FROM (SELECT id AS aged, (max(number) OVER () - number) * interval '97 minutes' AS age FROM tickets) AS ages
WHERE id = aged
"""
_AGE_INBOXES = """
UPDATE inbox_rows r SET updated_at = updated_at - age, first_unread_at = first_unread_at - age
FROM (SELECT id AS aged, (row_number() OVER (PARTITION BY user_id ORDER BY id DESC) - 1) * interval '47 minutes' AS age
      FROM inbox_rows) AS ages
WHERE r.id = aged
"""

SUBJECT_OF = re.compile(r'href="(/dev/mail/\d+)">(\[#\d+\][^<]*)<')
PRE = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
HEADERS = ("From", "To", "Date", "Message-ID", "References", "List-Unsubscribe-Post")
#: Mails wait a minute, and the load of the demo is a moment old.
WAIT_SECONDS = 150.0
_MAIL_STYLE = """
body { margin: 0; padding: 28px; background: #e8eaee; font: 14px/1.45 system-ui, sans-serif; color: #1c2330 }
main { display: grid; grid-template-columns: 1fr 1fr; gap: 20px }
section { background: #fff; border: 1px solid #cfd4dc; border-radius: 8px; overflow: hidden }
h1 { margin: 0 0 18px; font-size: 20px }
h2 { margin: 0; padding: 10px 16px; font-size: 13px; background: #f4f5f7; border-bottom: 1px solid #cfd4dc }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 14px; margin: 0 0 18px; font-size: 13px }
dt { color: #677184 } dd { margin: 0; overflow-wrap: anywhere }
iframe { width: 100%; height: 250px; border: 0 }
pre { margin: 0; padding: 16px; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px }
"""


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at which page, and what they do there before it is taken."""

    name: str
    path: str = "/org/brightside/support"
    steps: tuple[str, ...] = ()
    person: str = PERSON
    locale: str = "en"
    dark: bool = False
    phone: bool = False


SHOTS = (
    Shot("list"),
    Shot("drawer", steps=("open",)),
    Shot("create", steps=("create",)),
    Shot("dashboard", path="/org/brightside/dashboard"),
    Shot("inbox", path="/org/brightside/inbox"),
    Shot("locked", path="/org/juniper/support", person=FREE_PERSON),
    Shot("empty", path="/org/brightside/support?q=nothing+like+it"),
    Shot("dark", steps=("open",), dark=True),
    Shot("phone", phone=True),
    Shot("es", locale="es"),
)


async def main() -> None:
    if reason := browsers.chromium_missing():
        sys.exit(f"screenshots: {reason}")
    FOLDER.mkdir(exist_ok=True)
    wanted = set(sys.argv[1:])
    with demo_stack() as stack:
        await _age(stack)
        states: dict[str, Any] = {}
        async with browsers.launched_chromium() as browser:
            for shot in SHOTS:
                if not wanted or shot.name in wanted:
                    await _take(browser, stack, shot, states)
            if not wanted or MAIL in wanted:
                await _take_mail(browser, stack.url, target := FOLDER / f"{MAIL}.png")
                _said(target)


async def _age(stack: DemoStack) -> None:
    for database, statement in (("tickets", _AGE), ("notifications", _AGE_INBOXES)):
        connection = await asyncpg.connect(f"{stack.postgres_url.rpartition('/')[0]}/{database}")
        await connection.execute(statement)
        await connection.close()


async def _take(browser: Browser, stack: DemoStack, shot: Shot, states: dict[str, Any]) -> None:
    window: dict[str, Any] = PHONE | {"device_scale_factor": 2} if shot.phone else {"viewport": WINDOW}
    options = window | {"color_scheme": "dark" if shot.dark else "light", "reduced_motion": "reduce", "locale": "en-GB"}
    if shot.person not in states:
        context = await browser.new_context(**options)
        await sign_in(page := await context.new_page(), stack.url, shot.person)
        await _decline_tour(page)
        states[shot.person] = await context.storage_state()
        await context.close()
    context = await browser.new_context(storage_state=states[shot.person], **options)
    page = await context.new_page()
    await page.goto(f"{stack.url}/{shot.locale}{shot.path}")
    await page.evaluate("document.fonts.ready")
    if await page.locator("#connection").count():
        await page.locator('#connection[data-state="live"]').wait_for()
    for step in shot.steps:
        await STEPS[step](page)
    target = FOLDER / f"{shot.name}.png"
    await page.screenshot(path=target, caret="initial", animations="disabled")
    await context.close()
    _said(target)


def _said(target: Path) -> None:
    print(f"{target.relative_to(Path.cwd())}  {target.stat().st_size // 1024} KB")


async def _take_mail(browser: Browser, url: str, target: Path) -> None:
    """The newest mail of a mention as a mail client shows it: headers, the HTML part, the plain part beside."""
    async with aiohttp.ClientSession(url) as session:
        path = await eventually(lambda: _mention(session), timeout=WAIT_SECONDS)
        shown, html = await _text(session, path), await _text(session, f"{path}/html")
    plain, headers = (unescape(part) for part in PRE.findall(shown))
    context = await browser.new_context(viewport={"width": 1180, "height": 540}, device_scale_factor=2)
    page = await context.new_page()
    await page.set_content(_mail_page(headers, plain, html))
    await page.screenshot(path=target, full_page=True, animations="disabled")
    await context.close()


async def _mention(session: aiohttp.ClientSession) -> str | None:
    for path, _ in SUBJECT_OF.findall(await _text(session, "/dev/mail")):
        if "mentioned you." in await _text(session, path):
            return str(path)
    return None


async def _text(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        return await answer.text()


def _mail_page(headers: str, plain: str, html: str) -> str:
    found = re.findall(r"^([\w-]+): (.*)$", headers, re.MULTILINE)
    lines = {name: str(make_header(decode_header(value))) for name, value in found}
    subject = escape(lines["Subject"])
    rows = "".join(f"<dt>{name}</dt><dd>{escape(lines[name])}</dd>" for name in HEADERS)
    return (
        f"<!doctype html><meta charset='utf-8'><style>{_MAIL_STYLE}</style><h1>{subject}</h1><dl>{rows}</dl><main>"
        f'<section><h2>HTML</h2><iframe sandbox srcdoc="{escape(html)}"></iframe></section>'
        f"<section><h2>Plain text</h2><pre>{escape(plain)}</pre></section></main>"
    )


async def _decline_tour(page: Page) -> None:
    """Its offer would cover a corner of every picture."""
    offer = page.get_by_role("button", name="Not now")
    if await offer.count():
        await offer.click()
        await page.wait_for_load_state("networkidle")


async def _open(page: Page) -> None:
    await page.locator("tr[data-ticket]").filter(has=page.get_by_text("comments")).first.get_by_role("link").click()
    await page.locator("#drawer h2").first.wait_for()
    await page.wait_for_load_state("networkidle")


async def _create(page: Page) -> None:
    await page.keyboard.press("c")
    await page.get_by_role("dialog").get_by_label("Title").fill("Invoices are sent twice since Monday")
    await page.get_by_role("dialog").get_by_label("Priority").select_option("high")


STEPS = {"open": _open, "create": _create}

if __name__ == "__main__":
    asyncio.run(main())
