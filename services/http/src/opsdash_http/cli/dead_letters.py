"""`dead-letters list|show|redrive|drop`: what an operator reads and types."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from opsdash_chassis.consuming.dead_letters import DeadLetter
from opsdash_chassis.consuming.redrive import DeadLetterQueue
from opsdash_chassis.service.runtime import Runtime

SHOWN_BYTES = 4000


async def run_action(runtime: Runtime, options: argparse.Namespace) -> int:
    """Carry one action out; returns how many letters could not be handled."""
    await runtime.database.open()
    try:
        queue = DeadLetterQueue(runtime.settings, runtime.database, runtime.consumers.subscriptions.values())
        waiting = await queue.waiting()
        if options.action == "list":
            return _list(waiting)
        return await _act(queue, options.action, _chosen(waiting, options.ids))
    finally:
        await runtime.database.close()


def _list(waiting: list[DeadLetter]) -> int:
    for letter in waiting:
        _say(
            f"{letter.id}  {letter.set_aside_at:%Y-%m-%d %H:%M:%S}  {letter.topic}"
            f" [{letter.partition}:{letter.offset}]  {letter.reason}  {letter.event_type or '-'}"
        )
    _say(f"{len(waiting)} waiting")
    return 0


async def _act(queue: DeadLetterQueue, action: str, letters: list[DeadLetter]) -> int:
    failures = 0
    for letter in letters:
        if action == "show":
            _show(letter)
        elif action == "drop":
            await queue.drop(letter)
            _say(f"{letter.id}  dropped")
        else:
            outcome = await queue.redrive(letter)
            failures += outcome.startswith("still")
            _say(f"{letter.id}  {outcome}")
    return failures


def _chosen(waiting: list[DeadLetter], ids: Iterable[str]) -> list[DeadLetter]:
    wanted = set(ids)
    if "all" in wanted:
        return waiting
    missing = wanted - {str(letter.id) for letter in waiting}
    if missing:
        sys.exit(f"no such dead letter waiting: {', '.join(sorted(missing))} (see 'dead-letters list')")
    return [letter for letter in waiting if str(letter.id) in wanted]


def _show(letter: DeadLetter) -> None:
    _say(f"id         {letter.id}")
    _say(f"reason     {letter.reason}: {letter.detail}")
    _say(f"from       {letter.topic} partition {letter.partition} offset {letter.offset}, group {letter.group}")
    _say(f"set aside  {letter.set_aside_at.isoformat()}")
    _say(f"key        {letter.key!r}")
    for name, value in letter.headers:
        _say(f"header     {name}: {value!r}")
    _say(f"value      {(letter.value or b'')[:SHOWN_BYTES]!r}\n")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
