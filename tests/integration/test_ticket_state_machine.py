"""Any order of create, change, delete, restore, role change and plate change keeps what must hold."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from opsdash_contracts.workspace import Plate, Role

from tests.integration.stacks import Api, OneOrg

WRITERS = {"owner", "admin", "member"}
DELETERS = {"owner", "admin"}
DUE = "2035-01-01T00:00:00Z"


class Tickets(OneOrg):
    """One person in one fresh org; the model predicts every answer."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.tickets: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, dict[str, Any]] = {}
        self.role, self.plate, self.last_number = "owner", "sales", 0

    def expected(self, roles: set[str], status: int) -> int:
        return 403 if self.plate == "free" or self.role not in roles else status

    @rule(priority=st.sampled_from(["urgent", "high", "medium", "low"]), by_hand=st.booleans())
    def create(self, priority: str, by_hand: bool) -> None:
        body = {"title": "t", "priority": priority, **({"sla_due_at": DUE} if by_hand else {})}
        answer = self.call("POST", json=body)
        assert answer.status_code == self.expected(WRITERS, 201), answer.text
        if answer.status_code == 201:
            ticket = answer.json()
            assert ticket["number"] > self.last_number
            self.last_number = ticket["number"]
            self.tickets[ticket["id"]] = {"version": 1, "due": ticket["sla_due_at"], "priority": priority}

    @rule(index=st.integers(0, 9), priority=st.sampled_from(["urgent", "low"]))
    def change_priority(self, index: int, priority: str) -> None:
        self.change(index, {"priority": priority}, lambda known: known["priority"] != priority)

    @rule(index=st.integers(0, 9), due=st.sampled_from([None, DUE, "2036-01-01T00:00:00Z"]))
    def move_due_time(self, index: int, due: str | None) -> None:
        self.change(index, {"sla_due_at": due}, lambda known: known["due"] != due)

    def change(self, index: int, body: dict[str, Any], changes: Any) -> None:
        if (ticket_id := self.some(self.tickets, index)) is None:
            return
        known = self.tickets[ticket_id]
        answer = self.call("PATCH", f"/{ticket_id}", body)
        assert answer.status_code == self.expected(WRITERS, 200), answer.text
        if answer.status_code == 200:
            known["version"] += changes(known)
            known["due"] = body.get("sla_due_at", known["due"]) if "sla_due_at" in body else known["due"]
            known["priority"] = body.get("priority", known["priority"])
            assert (answer.json()["version"], answer.json()["sla_due_at"]) == (known["version"], known["due"])

    @rule(index=st.integers(0, 9))
    def delete(self, index: int) -> None:
        if (ticket_id := self.some(self.tickets, index)) is None:
            return
        answer = self.call("DELETE", f"/{ticket_id}")
        assert answer.status_code == self.expected(DELETERS, 204)
        if answer.status_code == 204:
            self.deleted[ticket_id] = self.tickets.pop(ticket_id)
            self.deleted[ticket_id]["version"] += 1

    @rule(index=st.integers(0, 9))
    def restore(self, index: int) -> None:
        if (ticket_id := self.some(self.deleted, index)) is None:
            return
        answer = self.call("POST", f"/{ticket_id}/restore")
        assert answer.status_code == self.expected(DELETERS, 200)
        if answer.status_code == 200:
            self.tickets[ticket_id] = self.deleted.pop(ticket_id)
            self.tickets[ticket_id]["version"] += 1

    @rule(role=st.sampled_from([role.value for role in Role]))
    def change_role(self, role: str) -> None:
        self.role = role
        self.sql("UPDATE members SET role = $3 WHERE org_id = $1 AND user_id = $2", self.org.id, self.org.owner, role)

    @rule(plate=st.sampled_from([Plate.FREE.value, Plate.SALES.value, Plate.AGENCY.value]))
    def change_plate(self, plate: str) -> None:
        self.plate = plate
        self.sql("UPDATE orgs SET plate = $2 WHERE org_id = $1", self.org.id, plate)

    @invariant()
    def the_database_agrees(self) -> None:
        if not hasattr(self, "database"):
            return
        rows = self.sql("SELECT id::text, number, version, deleted_at FROM tickets WHERE org_id = $1", self.org.id)
        not_deleted = {row["id"] for row in rows if row["deleted_at"] is None}
        assert not_deleted == set(self.tickets)
        assert len({row["number"] for row in rows}) == len(rows)
        counted = self.sql("SELECT living_tickets FROM org_counters WHERE org_id = $1", self.org.id)
        assert (counted[0]["living_tickets"] if counted else 0) == len(not_deleted)
        events = self.sql(
            "SELECT aggregate_id::text AS id, count(*) AS n FROM history WHERE org_id = $1 GROUP BY 1", self.org.id
        )
        assert {row["id"]: row["n"] for row in events} == {row["id"]: row["version"] for row in rows}


def test_no_order_of_actions_breaks_what_must_hold(api: Api):
    run_state_machine_as_test(
        lambda: Tickets(api),
        settings=settings(
            max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
