"""Every command of docs/how-to/compose.md, run as it stands there, and what came of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.compose.conftest import VERSION, ComposeStack, eventually
from tests.compose.load import people_at_work
from tests.support.repository import BIN, sources

PAGE = ROOT / "docs/how-to/compose.md"
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOPIC = "opsdash.workspace.v1"
#: Names the tag of an earlier release's images on this engine; without it the upgrade is from this very release.
FROM = "UPGRADE_FROM"
#: What no consumer can read.
DAMAGED = f"""
import asyncio
from aiokafka import AIOKafkaProducer
async def main():
    producer = AIOKafkaProducer(bootstrap_servers="kafka:9092")
    await producer.start()
    await producer.send_and_wait("{TOPIC}", b"{{", key=b"damaged")
    await producer.stop()
asyncio.run(main())
"""
ASK_CRON = """
import urllib.error, urllib.request
headers = {{"Authorization": "Bearer {secret}"}}
request = urllib.request.Request("http://127.0.0.1:9000/api/cron/sla-breach-notifications", headers=headers)
try:
    print(urllib.request.urlopen(request).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


def sections() -> dict[str, list[str]]:
    """The blocks of commands under each heading that has some."""
    _, *parts = _SECTION.split(PAGE.read_text(encoding="utf-8"))
    found = {heading: _BLOCK.findall(text) for heading, text in zip(parts[::2], parts[1::2], strict=True)}
    return {heading: blocks for heading, blocks in found.items() if blocks}


def lines(heading: str) -> list[str]:
    return [line for block in sections()[heading] for line in block.splitlines()]


@pytest.mark.parametrize("heading", sections())
def test_each_section_has_its_test(heading: str):
    name = f"test_{re.sub(r'[^a-z]+', '_', heading.lower())}"
    assert name in globals()


def test_start(stack: ComposeStack):
    made, rest = sections()["Start"]
    assert made == "make compose\n", "which has started the stack that everything here runs on"
    stack.shell(rest)
    assert stack.create("Started")["number"] > 0


def test_jobs(stack: ComposeStack):
    for line in lines("Jobs"):
        stack.shell(line)


def test_dead_letters(stack: ComposeStack):
    show_list, show, redrive, drop = lines("Dead letters")
    stack.python("gateway", DAMAGED)
    eventually(lambda: stack.shell(show_list), lambda said: "1 waiting" in said)
    assert TOPIC in stack.shell(show)
    assert "still refused" in stack.shell(redrive, fails=True)
    assert "dropped" in stack.shell(drop)
    assert "0 waiting" in stack.shell(show_list)
    for other in ("comments", "sla-monitor"):
        stack.shell(drop.replace("tickets", other))


def test_replay(stack: ComposeStack):
    ticket = stack.create("Told again")
    for line in lines("Replay"):
        assert "queued again" in stack.shell(line)
    assert len(told_again(stack, ticket["id"])) >= 1


def told_again(stack: ComposeStack, ticket: str) -> list[str]:
    def look() -> list[str]:
        found = stack.records("opsdash.support.tickets.v1")
        return [line for line in found if ticket in line and "ce_replayed:true" in line]

    return eventually(look, lambda found: len(found) > 0)


def test_back_up(stack: ComposeStack):
    for line in lines("Back up"):
        stack.shell(line)
    assert (stack.folder / "deploy/tickets.dump").read_bytes().startswith(b"PGDMP")


def test_restore(stack: ComposeStack):
    kept = stack.create("Kept in the dump")
    test_back_up(stack)
    lost = stack.create("Later than the dump")
    for line in lines("Restore"):
        stack.shell(line)
    stack.up()
    titles = stack.sql("tickets", f"SELECT title FROM tickets WHERE id IN ('{kept['id']}', '{lost['id']}')")
    assert titles == ["Kept in the dump"]
    test_replay(stack)
    assert told_again(stack, kept["id"])


def secrets_of(stack: ComposeStack) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in stack.secret("").iterdir()}


def make_secrets(stack: ComposeStack) -> None:
    """The step of `make compose` that must leave a replaced one alone."""
    command = [BIN / "opsdash", "secrets"]
    subprocess.run(command, cwd=stack.folder, env=stack.environment | sources(stack.folder), check=True)


def test_rotate_secrets(stack: ComposeStack):
    before = secrets_of(stack)
    with people_at_work(stack) as work:
        for block in sections()["Rotate secrets"]:
            stack.shell(block)
            stack.up()
    after = secrets_of(stack)
    assert work.unanswered == []
    changed = {path.name for path in after if after[path] != before[path]}
    assert changed == {
        "cron_secret", "session_secret", "tickets_token_from_gateway", "gateway_token_to_tickets", "workspace_token",
        "tickets_app_url", "postgres_password", "admin_url",
    }  # fmt: skip
    make_secrets(stack)
    assert secrets_of(stack) == after
    assert stack.create("With the new secrets")["version"] == 1
    assert_refused(stack, before)


def assert_refused(stack: ComposeStack, before: dict[Path, str]) -> None:
    """The old ones, where they are asked for."""
    for name, expected in (
        (before[stack.secret("cron_secret")], "401"),
        (stack.secret("cron_secret").read_text(), "200"),
    ):
        assert stack.python("gateway", ASK_CRON.format(secret=name)).strip() == expected
    for path, role in ((stack.secret("tickets_app_url"), "tickets"), (stack.secret("admin_url"), "postgres")):
        password = before[path].partition("@")[0].rpartition(":")[2]
        enter = (
            f"psql --host=127.0.0.1 --username={path.name.replace('_url', '') if role == 'tickets' else role} {role}"
        )
        stack.shell(
            f"docker compose exec -T --env PGPASSWORD={password} postgres {enter} --command 'SELECT 1'", fails=True
        )


def test_scale(stack: ComposeStack):
    grow, stop, shrink = sections()["Scale"][0].splitlines()
    stack.shell(grow)
    with people_at_work(stack) as work:
        stack.shell(stop)
    stack.shell(shrink)
    assert work.created
    assert work.errors == []
    gateways = sections()["Scale"][1].splitlines()
    stack.shell("\n".join([*gateways[:2], "docker compose ps --format json gateway > gateways.json"]))
    listed = (stack.folder / "deploy/gateways.json").read_text(encoding="utf-8").splitlines()
    published = {
        port["PublishedPort"] for line in listed for port in json.loads(line)["Publishers"] if port["PublishedPort"]
    }
    assert published == {stack.port, stack.port + 1}
    stack.shell("\n".join([gateways[0], *gateways[2:]]))
    stack.up()
    assert stack.create("With one gateway again")


def test_upgrade(stack: ComposeStack):
    forth, back = sections()["Upgrade"]
    for service in ("tickets", "comments", "sla-monitor", "local-gateway"):
        stack.shell(f"docker tag opsdash/{service}:{os.environ.get(FROM, VERSION)} opsdash/{service}:before")
    stack.shell(back)
    for name in ("tickets_token_from_comments", "comments_token_to_tickets"):
        stack.secret(name).unlink()  # as if the release before had not known them
    with people_at_work(stack) as work:
        stack.shell(forth)
        assert running(stack) == {"next"}
        stack.shell(back)
        assert running(stack) == {"before"}
    assert work.created
    assert work.unanswered == []
    stored = stack.sql("tickets", "SELECT id FROM tickets WHERE title LIKE 'Work %'")
    assert set(work.created) <= set(stored)
    stack.up()


def running(stack: ComposeStack) -> set[str]:
    images = stack.shell("docker inspect --format '{{.Config.Image}}' $(docker compose ps --quiet)").split()
    return {image.rpartition(":")[2] for image in images if image.startswith("opsdash/")}


def test_what_is_in_an_image(stack: ComposeStack):
    ask, copy = lines("What is in an image")
    assert stack.shell(ask).strip() == "10001"
    stack.shell(copy)
    bill = json.loads((stack.folder / "deploy/tickets.sbom.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
