"""axe-core on a page in both themes: every rule, best practices too, no finding accepted."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_AXE = Axe()
_SETTLED = """() => Promise.allSettled(
    document.getAnimations().filter(animation => Number.isFinite(animation.effect?.getComputedTiming().endTime))
        .map(animation => animation.finished))"""
_LISTEN = """() => {
    window.heard = [];
    const live = document.querySelector("#live");
    new MutationObserver(() => window.heard.push(live.textContent)).observe(live, { childList: true });
}"""
_SHOWS = "theme => document.documentElement.classList.contains('dark') === (theme === 'dark')"


async def settled(page: Page) -> None:
    """Return when nothing on the page moves any more."""
    await page.evaluate(_SETTLED)


async def assert_no_findings(page: Page) -> None:
    """In both themes; the page follows the system from one to the other."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        await page.wait_for_function(_SHOWS, arg=theme)
        await assert_no_findings_as_it_is(page)


async def assert_no_findings_as_it_is(page: Page) -> None:
    """Running transitions are waited for: half-faded text has no contrast."""
    await settled(page)
    results = (await _AXE.run(page)).response
    findings = [
        f"{finding['id']}: {finding['help']}\n    {node['html'][:300]}\n    {node['failureSummary']}"
        for finding in results["violations"]
        for node in finding["nodes"]
    ]
    assert not findings, f"{page.url}\n" + "\n".join(findings)


async def listen(page: Page) -> None:
    """Remember from now on what is announced: what follows at once replaces it on the page."""
    await page.evaluate(_LISTEN)


async def expect_heard(page: Page, text: str) -> None:
    """An announcement that the regular expression finds, since `listen`."""
    await page.wait_for_function("text => window.heard.some(said => new RegExp(text).test(said))", arg=text)


async def spoken(page: Page) -> list[str]:
    """The texts of the live regions in the browser's own tree for screen readers: of none that is hidden or inert."""
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    await session.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    texts = [_text(node, by_id) for node in nodes if not node["ignored"] and _is_live(node)]
    return [text for text in texts if text]


def _is_live(node: dict[str, Any]) -> bool:
    """Of a region itself: what is inside has the property too."""
    properties = {property_["name"]: property_["value"] for property_ in node.get("properties", ())}
    return properties.get("live", {}).get("value") in {"polite", "assertive"}


def _text(node: dict[str, Any], by_id: dict[str, Any]) -> str:
    if node.get("role", {}).get("value") == "StaticText":
        return str(node["name"]["value"])
    below = (by_id[child] for child in node.get("childIds", ()) if child in by_id)
    return " ".join(text for text in (_text(child, by_id) for child in below) if text)
