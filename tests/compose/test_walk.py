"""From a created ticket to its event in a Kafka client, its breach, and the cron job."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

from tests.compose.conftest import TICKETS, ComposeStack, eventually

SOON = timedelta(seconds=3)


def test_a_ticket_its_event_its_breach_and_cron(stack: ComposeStack):
    ticket = stack.create("Printer on fire")
    due = (datetime.now(UTC) + SOON).isoformat()
    path = f"{TICKETS}/{ticket['id']}"
    stack.call("PATCH", path, json={"sla_due_at": due}, headers={"If-Match": f'"{ticket["version"]}"'})
    ledger = eventually(lambda: stack.call("GET", f"{path}/sla"), lambda found: "breached" in kinds(found))
    assert kinds(ledger)[-1] == "breached"

    def told(topic: str, event_type: str) -> int:
        return sum(ticket["id"] in line and f"ce_type:{event_type}" in line for line in stack.records(topic))

    assert eventually(lambda: told("opsdash.support.tickets.v1", "support_ticket.created"), bool) == 1
    assert eventually(lambda: told("opsdash.support.sla.v1", "sla.breached"), bool) == 1
    counts = json.loads(stack.compose("run --rm cron").splitlines()[-1])
    assert (counts["breached"], counts["notified"]) == (0, 0), "the monitor's own timer had told it"


def kinds(ledger: dict[str, object]) -> list[str]:
    entries = ledger["entries"]
    assert isinstance(entries, list)
    return [entry["kind"] for entry in entries]


def test_addresses_follow_the_port(stack: ComposeStack):
    claims = stack.token().split(".")[1]
    issuer = json.loads(base64.urlsafe_b64decode(claims + "=="))["iss"]
    assert issuer == f"{stack.url}/dev"
