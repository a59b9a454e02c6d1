"""A commit is published at once, whichever replica made it: no replica has to wait for the next poll."""

from __future__ import annotations

from opsdash_contracts.topics import TICKETS

from tests.integration.watching import eventually, metric, versions
from tests.support.stack import Stack
from tests.support.witness import Witness

SELDOM = {"OPSDASH_RELAY_POLL_SECONDS": "60"}  # above every wait below: only a hint can be what woke the relay


async def test_a_replica_that_does_not_lead_tells_the_one_that_does(stack: Stack) -> None:
    leader = await stack.tickets(**SELDOM)

    async def leads() -> bool:
        return await metric(leader, "opsdash_relay_leader") == 1

    await eventually(leads, service=leader)
    standby = await stack.tickets(**SELDOM)
    async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
        for service in (leader, standby, standby, leader):
            client = stack.client(service, stack.workspace.ours.admin)
            ticket = await client.create_ticket(stack.workspace.ours.slug, "told at once")
            await witness.wait_until(lambda records, made=ticket["id"]: (made, 1) in versions(records))
    assert await metric(standby, "opsdash_relay_leader") == 0
