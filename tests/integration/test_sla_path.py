"""A due time from the request that sets it to the event that says it passed, and the stamp on the ticket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opsdash_contracts.sla import BREACHED, notice_id
from opsdash_contracts.topics import SLA

from tests.integration.conftest import NewStack
from tests.support.databases import ServiceDatabase
from tests.support.eventually import eventually
from tests.support.sla import bodies, sla_rig, told
from tests.support.witness import Witness


class TestBreachPath:
    async def test_a_breach_is_told_once_under_its_own_id_and_stamped_on_the_ticket(
        self, new_stack: NewStack, sla_template: ServiceDatabase
    ):
        async with new_stack() as stack, sla_rig(stack, sla_template) as rig:
            tickets = await rig.start_tickets()
            await rig.start_monitor().ready()
            client = stack.client(tickets, stack.workspace.ours.admin)
            due = datetime.now(UTC) + timedelta(seconds=8)
            async with Witness(stack.kafka.bootstrap_servers, SLA) as witness:
                ticket = await client.create_ticket("ours", sla_due_at=due.isoformat())
                await witness.wait_until(lambda _: bool(told(witness)), timeout=30)
                (breach,) = bodies(witness, BREACHED)

                async def stamp() -> object:
                    return (await client.call("GET", f"/orgs/ours/tickets/{ticket['id']}")).body["sla_breached_at"]

                assert await eventually(stamp) == breach["detected_at"]
            assert breach["ticket_id"] == ticket["id"]
            assert breach["confirmed"] is True
            assert breach["lateness_ms"] < 2000
            assert told(witness) == [str(notice_id(BREACHED, rig.org, breach_id(breach), due))]


def breach_id(breach: dict[str, str]):
    from uuid import UUID

    return UUID(breach["ticket_id"])
