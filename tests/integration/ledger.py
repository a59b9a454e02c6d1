"""Writers that note what they intend and what they were answered, and the checker that compares it all afterwards.

A write is acknowledged once a 2xx came. Verdicts compare the ledger, the service's database and what a witness read.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

from tests.integration.watching import outbox_empty, stored_versions, versions
from tests.support.service_process import ServiceProcess
from tests.support.stack import Client, Stack
from tests.support.witness import Record, Witness

WRITERS = 4
PAUSE_SECONDS = 0.02
UNANSWERED = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass
class Ledger:
    """`acknowledged` are versions of tickets; what was `intended` and not answered may or may not be there."""

    intended: int = 0
    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    stopped: bool = False

    async def work(self, client: Client, slug: str, number: int) -> None:
        """Create a ticket now and then, and change one of one's own the rest of the time."""
        chance, own = random.Random(number), list[str]()  # noqa: S311 - variety, not secrecy
        while not self.stopped:
            self.intended += 1
            try:
                if not own or chance.random() < 0.1:
                    answer = await client.call("POST", f"/orgs/{slug}/tickets", {"title": f"by {number}"})
                else:
                    path = f"/orgs/{slug}/tickets/{chance.choice(own)}"
                    answer = await client.call("PATCH", path, {"title": f"{uuid4()}"})
                assert answer.status in {200, 201, 503}, answer.body
            except UNANSWERED:
                continue
            finally:
                await asyncio.sleep(PAUSE_SECONDS)
            if answer.status != 503:
                own += [answer.body["id"]] if answer.status == 201 else []
                self.acknowledged.add((answer.body["id"], answer.body["version"]))


@asynccontextmanager
async def writing(stack: Stack, service: ServiceProcess) -> AsyncIterator[Ledger]:
    """Writers at work for as long as the block lasts."""
    ledger, ours = Ledger(), stack.workspace.ours
    client = stack.client(service, ours.admin)
    tasks = [asyncio.create_task(ledger.work(client, ours.slug, number)) for number in range(WRITERS)]
    try:
        yield ledger
    finally:
        ledger.stopped = True
        await asyncio.gather(*tasks)


async def check(stack: Stack, ledger: Ledger, witness: Witness, *, timeout: float = 60.0) -> list[Record]:
    """0 acknowledged writes lost, 0 events invented or missing, 0 first deliveries out of order, 0 gaps."""
    await outbox_empty(stack, timeout=timeout)
    stored = await stored_versions(stack)
    await witness.wait_until(lambda records: versions(records) >= stored, timeout=timeout)
    records = await witness.settle(quiet_seconds=1)
    assert len(ledger.acknowledged) > 100, "too little was written to say anything"
    assert ledger.acknowledged - stored == set(), "acknowledged and not stored"
    assert versions(records) == stored, "the topic and the history differ"
    assert_first_deliveries_in_order(records)
    assert_repeats_are_identical(records)
    return records


def assert_first_deliveries_in_order(records: list[Record]) -> None:
    """Each ticket's versions appear as 1, 2, 3 … without a gap; repeats may come later."""
    seen: dict[str, int] = defaultdict(int)
    for record in records:
        ticket, version = record.header("ce_subject") or "", int(record.header("ce_sequence") or 0)
        assert version <= seen[ticket] + 1, f"{ticket}: version {version} came after {seen[ticket]}"
        seen[ticket] = max(seen[ticket], version)


def assert_repeats_are_identical(records: list[Record]) -> int:
    """Every publication of one event is the same bytes, but for the mark of a replay; the number of repeats."""
    by_version = defaultdict(list)
    for record in records:
        by_version[record.header("ce_subject"), record.header("ce_sequence")].append(record)
    for same in by_version.values():
        assert len({(record.key, record.value, original_headers(record)) for record in same}) == 1
    return len(records) - len(by_version)


def original_headers(record: Record) -> tuple[tuple[str, bytes], ...]:
    return tuple(pair for pair in record.headers if pair[0] != "ce_replayed")
