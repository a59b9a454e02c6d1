"""A picture of a mail of the local stack as a mail client shows it: headers, the HTML part, the plain part beside."""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from html import escape, unescape
from pathlib import Path

import aiohttp
from playwright.async_api import Browser

from tests.support.measurements import eventually

SUBJECT_OF = re.compile(r'href="(/dev/mail/\d+)">(\[#\d+\][^<]*)<')
PRE = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
HEADERS = ("From", "To", "Date", "Message-ID", "References", "List-Unsubscribe-Post")
#: Mails wait a minute, and the load of the demo is a moment old.
WAIT_SECONDS = 150.0
_STYLE = """
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


async def take_mail(browser: Browser, url: str, target: Path) -> None:
    """The newest mail that tells of a mention."""
    async with aiohttp.ClientSession(url) as session:
        path = await eventually(lambda: _mention(session), timeout=WAIT_SECONDS)
        shown, html = await _text(session, path), await _text(session, f"{path}/html")
    plain, headers = (unescape(part) for part in PRE.findall(shown))
    context = await browser.new_context(viewport={"width": 1180, "height": 540}, device_scale_factor=2)
    page = await context.new_page()
    await page.set_content(_page(headers, plain, html))
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


def _page(headers: str, plain: str, html: str) -> str:
    found = re.findall(r"^([\w-]+): (.*)$", headers, re.MULTILINE)
    lines = {name: str(make_header(decode_header(value))) for name, value in found}
    subject = escape(lines["Subject"])
    rows = "".join(f"<dt>{name}</dt><dd>{escape(lines[name])}</dd>" for name in HEADERS)
    return (
        f"<!doctype html><meta charset='utf-8'><style>{_STYLE}</style><h1>{subject}</h1><dl>{rows}</dl><main>"
        f'<section><h2>HTML</h2><iframe sandbox srcdoc="{escape(html)}"></iframe></section>'
        f"<section><h2>Plain text</h2><pre>{escape(plain)}</pre></section></main>"
    )
