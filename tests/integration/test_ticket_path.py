"""A ticket from the HTTP request to the event that an outside consumer reads."""

from __future__ import annotations

import json

from opsdash_contracts.envelope import decode
from opsdash_contracts.topics import TICKETS

from tests.support.brokers import Witness
from tests.support.stack import Stack


class TestTicketPath:
    async def test_every_change_is_stored_versioned_and_published_in_order(self, stack: Stack):
        service = await stack.tickets()
        ours = stack.workspace.ours
        client = stack.client(service, ours.admin)
        path = f"/orgs/{ours.slug}/tickets"
        async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            created = await client.create_ticket(
                ours.slug, "  Printer on fire ", priority="urgent", contact_id=str(ours.contact)
            )
            assert created["title"] == "Printer on fire"
            assert created["contact"]["company"]["name"] == "Company ours"
            patched = await client.call(
                "PATCH", f"{path}/{created['number']}", {"status": "in_progress", "description": "hot"}
            )
            assert patched.status == 200
            assert patched.headers["ETag"] == '"2"'
            assert (await client.call("DELETE", f"{path}/{created['id']}")).status == 204
            assert (await client.call("GET", f"{path}/{created['id']}")).status == 404
            records = await witness.wait_for(3)
        events = [decode(record.headers, record.key, record.value) for record in records]
        assert [event.envelope.type for event in events] == [
            "support_ticket.created", "support_ticket.updated", "support_ticket.deleted",
        ]  # fmt: skip
        assert [event.envelope.sequence for event in events] == [1, 2, 3]
        assert {record.key for record in records} == {created["id"].encode()}
        assert json.loads(records[1].value)["changes"] == {
            "description": {"changed": True},
            "status": {"from": "open", "to": "in_progress"},
        }
