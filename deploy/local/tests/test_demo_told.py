"""On the first start people are told of a breach, a mention and an assignment while somebody watches."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from opsdash_local.demo import workspace

from tests.support.local_stack import demo_stack
from tests.support.measurements import eventually

pytestmark = [pytest.mark.storm, pytest.mark.timeout(600)]

WANTED = {"sla_breached", "mentioned", "assigned"}
SAID = {
    "mentioned": re.compile(r"mentioned you\."),
    "assigned": re.compile(r"assigned this ticket to you\."),
    "sla_breached": re.compile(r"This ticket is overdue\."),
}


async def text_of(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        return await answer.text()


async def told_by_mail(session: aiohttp.ClientSession) -> set[str]:
    """The reasons of the mails that are shown."""
    page = await text_of(session, "/dev/mail")
    mails = [await text_of(session, path) for path in re.findall(r'href="(/dev/mail/\d+)"', page)]
    return {reason for reason, words in SAID.items() if any(words.search(mail) for mail in mails)}


async def told_by_inbox(session: aiohttp.ClientSession) -> set[str]:
    """The reasons in the inboxes of all people of the main org."""
    found = set[str]()
    for person in workspace.people():
        if not any(entry["slug"] == workspace.MAIN_ORG for entry in person["memberships"]):
            continue
        async with session.post("/dev/token", json={"user_id": person["user_id"]}) as answer:
            headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        path = f"/api/orgs/{workspace.MAIN_ORG}/inbox?state=all&limit=100"
        async with session.get(path, headers=headers) as answer:
            items: list[dict[str, Any]] = (await answer.json())["items"]
        found |= {reason for item in items for reason in item["reasons"]}
    return found


async def test_within_three_minutes_inbox_and_mail_tell_of_a_breach_a_mention_and_an_assignment() -> None:
    with demo_stack() as stack:
        async with aiohttp.ClientSession(stack.url) as session:
            await asyncio.gather(
                eventually(lambda: told_by_inbox(session), lambda found: found >= WANTED, timeout=180),
                eventually(lambda: told_by_mail(session), lambda found: found >= WANTED, timeout=180),
            )
