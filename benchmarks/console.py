"""What a first visit to the console costs, and how soon a ticket is open: `make bench-console` prints a table."""

from __future__ import annotations

import asyncio
import gzip
import sys
import time
from statistics import median
from typing import Any

import aiohttp
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser import browsers
from tests.browser.visitors import sign_in
from tests.support.local_stack import demo_stack

PERSON = "Maya Lindqvist"
LIST = "/en/org/brightside/support"
REQUESTS = 200
OPENINGS = 20
PER_SECOND = 40  # below the limit for one person


async def main() -> None:
    if reason := browsers.chromium_missing():
        sys.exit(f"bench: {reason}")
    with demo_stack() as stack:
        async with browsers.launched_chromium() as browser:
            context = await browser.new_context()
            await sign_in(await context.new_page(), stack.url, PERSON)
            state = await context.storage_state()
            rows, html_bytes, server_ms = await _server(stack.url, state)
            transfer = await _transfer(browser, stack.url, state)
            drawer_ms = await _drawer(context, stack.url)
    _print_table(
        ("rows of the list", rows, ""),
        ("HTML of the list, gzip", html_bytes / 1024, "KiB   (budget 10)"),
        ("everything, cold cache", transfer / 1024, "KiB   (budget 110)"),
        (f"answer of the list, p50 of {REQUESTS}", server_ms, "ms    (budget 25)"),
        (f"click to open ticket, p50 of {OPENINGS}", drawer_ms, "ms    (budget 150)"),
    )


async def _server(url: str, state: Any) -> tuple[int, int, float]:
    """Rows, compressed size and median time of the list, one request after the other, as a browser sends them."""
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in state["cookies"])
    async with aiohttp.ClientSession(headers={"Cookie": cookies}, cookie_jar=aiohttp.DummyCookieJar()) as session:
        seconds: list[float] = []
        for _ in range(REQUESTS):
            begin = time.perf_counter()
            async with session.get(url + LIST) as answer:
                body = await answer.read()
            seconds.append(time.perf_counter() - begin)
            await asyncio.sleep(max(0, 1 / PER_SECOND - seconds[-1]))
    return body.count(b"data-ticket="), len(gzip.compress(body, 6)), median(seconds) * 1000


async def _transfer(browser: Browser, url: str, state: Any) -> int:
    """Bytes of heads and bodies until the page is complete, live connection left out."""
    context = await browser.new_context(storage_state=state)
    page = await context.new_page()
    protocol = await context.new_cdp_session(page)
    received: list[int] = []
    protocol.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    await protocol.send("Network.enable")
    await page.goto(url + LIST, wait_until="load")
    await page.evaluate("document.fonts.ready")
    await context.close()
    return sum(received)


async def _drawer(context: BrowserContext, url: str) -> float:
    """Milliseconds from a real click to the first frame with the ticket's title in the open drawer."""
    page = await context.new_page()
    await page.goto(url + LIST)
    await page.evaluate(_WATCH)
    measured = [await _opening(page, number) for number in range(OPENINGS)]
    await page.close()
    return median(measured)


async def _opening(page: Page, number: int) -> float:
    link = page.locator("tr[data-ticket]").nth(number % 8).get_by_role("link").first
    title = await link.locator(".title").inner_text()
    await page.evaluate("title => window.waitForTitle(title)", title.strip())
    await link.click()
    took = float(await page.evaluate("window.shown"))
    await page.keyboard.press("Escape")
    await page.locator("#drawer").wait_for(state="hidden")
    return took


_WATCH = """
window.waitForTitle = title => {
    let clicked;
    document.addEventListener("click", event => { clicked ??= event.timeStamp; }, {capture: true, once: true});
    window.shown = new Promise(resolve => {
        const look = now => {
            const drawer = document.querySelector("#drawer[open]");
            const heading = drawer?.querySelector("h2")?.textContent.trim();
            if (clicked !== undefined && heading === title) resolve(performance.now() - clicked);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
};
"""


def _print_table(*rows: tuple[str, float, str]) -> None:
    width = max(len(name) for name, _, _ in rows)
    for name, value, unit in rows:
        print(f"{name:<{width}}  {value:>8.1f} {unit}")


if __name__ == "__main__":
    asyncio.run(main())
