"""What an operator does with messages that were set aside, through the real command line."""

from __future__ import annotations

import subprocess

import pytest

from tests.integration.checks import command, query
from tests.integration.stacks import Consumption
from tests.support.workspace import Message, company, message

pytestmark = [pytest.mark.storm, pytest.mark.kafka]


async def set_aside(consumption: Consumption, *messages: Message) -> list[str]:
    """Send messages that will be refused; the ids of their letters."""
    offsets = await consumption.feed.send(*messages)
    return [str((await consumption.letter_of(offset)).header("dl_id")) for offset in offsets]


async def dead_letters(consumption: Consumption, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await command(consumption.stack.tickets_environment, "dead-letters", *arguments)


class TestDeadLetterCommands:
    async def test_poison_is_listed_shown_refused_again_and_dropped(self, consumption: Consumption):
        poison = message(company(consumption.stack.workspace.ours)).with_value(b"poison \xff")
        (letter,) = await set_aside(consumption, poison)
        listed = await dead_letters(consumption, "list")
        assert (listed.returncode, listed.stderr) == (0, "")
        line, total = listed.stdout.splitlines()
        assert line.startswith(letter)
        assert "bad-json  workspace.company.upserted" in line
        assert total == "1 waiting"
        shown = (await dead_letters(consumption, "show", letter)).stdout
        assert repr(poison.value) in shown
        assert repr(poison.key) in shown
        refused = await dead_letters(consumption, "redrive", letter)
        assert refused.returncode == 1
        assert f"{letter}  still refused (bad-json)" in refused.stdout
        assert (await dead_letters(consumption, "drop", letter)).returncode == 0
        assert (await dead_letters(consumption, "list")).stdout == "0 waiting\n"
        again = await dead_letters(consumption, "redrive", letter)
        assert (again.returncode, again.stdout) == (1, "")
        assert "no such dead letter waiting" in again.stderr

    async def test_what_failed_for_a_fault_that_is_gone_is_applied_once(self, consumption: Consumption):
        ours = consumption.stack.workspace.ours
        refused, good, forbidden = company(ours, name="Unwanted"), company(ours), company(ours)
        await query(consumption.stack, "ALTER TABLE companies ADD CONSTRAINT c CHECK (name <> 'Unwanted') NOT VALID")
        (first,) = await set_aside(consumption, message(refused))
        await consumption.feed.send(message(good))
        await consumption.applied(good)
        await query(consumption.stack, "REVOKE INSERT ON companies FROM tickets_worker")
        (second,) = await set_aside(consumption, message(forbidden))
        still = await dead_letters(consumption, "redrive", "all")
        assert still.returncode == 1
        assert f"{first}  still fails" in still.stdout
        assert f"{second}  still fails: InsufficientPrivilegeError" in still.stdout
        await query(consumption.stack, "GRANT INSERT ON companies TO tickets_worker")
        await query(consumption.stack, "ALTER TABLE companies DROP CONSTRAINT c")
        redriven = await dead_letters(consumption, "redrive", first, second)
        assert (redriven.returncode, redriven.stdout) == (0, f"{first}  applied\n{second}  applied\n")
        assert (await dead_letters(consumption, "list")).stdout == "0 waiting\n"
        await consumption.feed.send(message(refused), message(forbidden))
        await consumption.fence()
        effects = await consumption.effects()
        assert [effects[item.company_id] for item in (refused, good, forbidden)] == [[1], [1], [1]]
