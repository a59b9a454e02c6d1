"""Containers are killed, restarted and taken down while people work: no answered write is lost, none is there twice."""

from __future__ import annotations

import pytest

from tests.compose.conftest import ComposeStack, eventually
from tests.compose.load import Work, people_at_work
from tests.deploy.test_compose import SERVES

#: The process under the container's init, with the signal that nobody can catch.
KILL = """
import os, signal
for entry in filter(str.isdigit, os.listdir("/proc")):
    with open(f"/proc/{entry}/cmdline") as file:
        if "serve" in file.read().split("\\0"):
            os.kill(int(entry), signal.SIGKILL)
"""


def assert_all_is_there_and_told(stack: ComposeStack, work: Work) -> None:
    assert work.created
    assert work.unanswered == []
    rows = stack.sql("tickets", "SELECT id, title FROM tickets WHERE title LIKE 'Work %'")
    titles = [row.partition("|")[2] for row in rows]
    assert set(work.created) <= {row.partition("|")[0] for row in rows}
    assert len(titles) == len(set(titles)), "a repeated request made a second ticket"
    eventually(lambda: stack.sql("tickets", "SELECT count(*) FROM outbox"), lambda found: found == ["0"])

    def untold() -> list[str]:
        told = [line for line in stack.records("opsdash.support.tickets.v1") if "support_ticket.created" in line]
        return [made for made in work.created if not any(made in line for line in told)]

    eventually(untold, lambda found: found == [])


@pytest.mark.parametrize("service", SERVES)
def test_a_killed_service_comes_back_alone(stack: ComposeStack, service: str):
    (container,) = stack.containers(service)
    before = stack.inspect(container)["RestartCount"]
    with people_at_work(stack) as work:
        stack.shell(f"docker compose exec -T {service} python - <<'END' || true\n{KILL}\nEND\n")
        eventually(lambda: stack.inspect(container), lambda found: found["RestartCount"] > before)
        eventually(lambda: stack.inspect(container), lambda found: found["State"]["Health"]["Status"] == "healthy")
    assert_all_is_there_and_told(stack, work)


@pytest.mark.parametrize("server", ["kafka", "postgres"])
def test_a_restarted_server_loses_nothing(stack: ComposeStack, server: str):
    with people_at_work(stack) as work:
        stack.compose(f"restart {server}")
        stack.up()
    assert_all_is_there_and_told(stack, work)


def test_taken_down_and_up_again_it_has_its_data(stack: ComposeStack):
    ticket = stack.create("Kept")
    stack.compose("down")
    stack.up()
    assert stack.call("GET", f"/api/orgs/brightside/tickets/{ticket['id']}")["title"] == "Kept"
