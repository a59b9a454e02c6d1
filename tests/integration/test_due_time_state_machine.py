"""Whatever is done to tickets and their due times, every place says the same about them, finished ones included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from tests.integration.conftest import FILTERED, FINISHED, agreed_states, outcomes
from tests.integration.stacks import Api, OneOrg

DUE = "2035-01-01T00:00:00Z"
ANY = st.integers(0, 2)


@dataclass
class Known:
    """A ticket as the model has it. Due times are far ahead, or passed an hour ago."""

    status: str
    due: str | None
    passed: bool = False
    outcome: str | None = None

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def state(self) -> str:
        if self.outcome is not None:
            return self.outcome
        return "none" if self.due is None else "breached" if self.passed else "on_track"

    def set_due(self, due: str | None) -> None:
        self.due, self.passed = due, False

    def move(self, status: str) -> None:
        if not self.finished and status in FINISHED:
            self.outcome = {"breached": "missed", "on_track": "met"}.get(self.state, "none")
        if status not in FINISHED:
            self.outcome = None
        self.status = status


class DueTimes(OneOrg):
    """The model knows what each ticket's due time came to."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.tickets: dict[str, Known] = {}
        self.compared = True

    @rule(by_hand=st.booleans(), status=st.sampled_from(["open", "open", "open", "closed"]))
    def create(self, by_hand: bool, status: str) -> None:
        answer = self.call("POST", json={"title": "t", "status": status, **({"sla_due_at": DUE} if by_hand else {})})
        outcome = "met" if status in FINISHED else None
        self.tickets[answer.json()["id"]] = Known(status, answer.json()["sla_due_at"], outcome=outcome)
        self.compared = False

    @rule(index=ANY, due=st.sampled_from([None, DUE]), together=st.sampled_from([{}, {"title": "t"}]))
    def set_due_time(self, index: int, due: str | None, together: dict[str, str]) -> None:
        self.patch(index, {"sla_due_at": due, **together})

    @rule(index=ANY, status=st.sampled_from(["open", "resolved", "closed"]))
    def move(self, index: int, status: str) -> None:
        self.patch(index, {"status": status})

    @rule(index=ANY, status=st.sampled_from(["open", "closed"]), due=st.sampled_from([None, DUE]))
    def move_with_a_due_time(self, index: int, status: str, due: str | None) -> None:
        self.patch(index, {"status": status, "sla_due_at": due})

    def patch(self, index: int, body: dict[str, Any]) -> None:
        if (ticket_id := self.some(self.tickets, index)) is None:
            return
        known = self.tickets[ticket_id]
        conflict = self.conflict(known, body)
        answer = self.call("PATCH", f"/{ticket_id}", body)
        assert answer.status_code == (409 if conflict else 200), answer.text
        if conflict:
            assert answer.json()["type"] == f"/problems/{conflict}"
            return
        if body.get("sla_due_at", known.due) != known.due:
            known.set_due(body["sla_due_at"])
        known.move(body.get("status", known.status))
        self.compared = False

    def conflict(self, known: Known, body: dict[str, Any]) -> str | None:
        status = body.get("status", known.status)
        if known.status == "closed" and status == "resolved":
            return "invalid-transition"
        stays_finished = known.finished and status in FINISHED
        return "ticket-finished" if stays_finished and body.get("sla_due_at", known.due) != known.due else None

    @rule(index=ANY, dry_run=st.booleans())
    def recompute(self, index: int, dry_run: bool) -> None:
        if (ticket_id := self.some(self.tickets, index)) is None:
            return
        known = self.tickets[ticket_id]
        answer = self.call("POST", f"/{ticket_id}/sla/recompute?dry_run={str(dry_run).lower()}")
        assert answer.status_code == (409 if known.finished else 200), answer.text
        if answer.status_code == 200 and not dry_run:
            known.set_due(answer.json()["after"]["sla_due_at"])
            self.compared = False

    @rule(due=st.sampled_from([None, DUE]))
    def set_due_times_in_bulk(self, due: str | None) -> None:
        if not self.tickets:
            return
        answer = self.call("POST", "/bulk", {"ids": list(self.tickets), "patch": {"sla_due_at": due}})
        for item in answer.json()["items"]:
            known = self.tickets[item["id"]]
            conflict = self.conflict(known, {"sla_due_at": due})
            assert (item["error"] and item["error"]["type"]) == (conflict and f"/problems/{conflict}")
            if not conflict and due != known.due:
                known.set_due(due)
        self.compared = False

    @rule(index=ANY)
    def let_the_due_time_pass(self, index: int) -> None:
        ticket_id = self.some(self.tickets, index)
        if ticket_id is None or self.tickets[ticket_id].state != "on_track":
            return
        passed = "UPDATE tickets SET sla_due_at = now() - interval '1 hour' WHERE org_id = $1 AND id = $2::uuid"
        (row,) = self.sql(f"{passed} RETURNING sla_due_at", self.org.id, ticket_id)
        self.tickets[ticket_id].due = row["sla_due_at"].isoformat().replace("+00:00", "Z")
        self.tickets[ticket_id].passed, self.compared = True, False

    @rule(index=ANY)
    def delete_and_restore(self, index: int) -> None:
        if ticket_id := self.some(self.tickets, index):
            assert self.call("DELETE", f"/{ticket_id}").status_code == 204
            assert self.call("POST", f"/{ticket_id}/restore").status_code == 200
            self.compared = False

    @invariant()
    def every_place_says_the_same(self) -> None:
        if self.compared:
            return
        self.compared = True
        listed = self.call("GET", "?limit=100").json()["items"]
        filtered = {name: self.ids(f"?limit=100&sla={name}") for name in FILTERED}
        assert self.ids("?limit=100&sla=none&q=t") == filtered["none"]
        states = agreed_states(
            listed,
            filtered=filtered,
            export=self.call("GET", ".csv").content.decode(),
            overdue=self.call("GET", below="/insights").json()["overdue"],
        )
        assert states == {ticket_id: known.state for ticket_id, known in self.tickets.items()}
        for ticket_id, state in states.items():
            assert self.call("GET", f"/{ticket_id}").json()["sla_state"] == state
        events = self.sql(
            "SELECT DISTINCT ON (aggregate_id) aggregate_id::text AS id, data::jsonb ->> 'sla_outcome' AS outcome"
            " FROM history WHERE org_id = $1 ORDER BY aggregate_id, aggregate_version DESC",
            self.org.id,
        )
        assert {event["id"]: event["outcome"] for event in events} == outcomes(listed)

    def ids(self, query: str) -> set[str]:
        return {item["id"] for item in self.call("GET", query).json()["items"]}


def test_no_order_of_actions_makes_two_places_disagree_about_a_due_time(api: Api):
    run_state_machine_as_test(
        lambda: DueTimes(api),
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            phases=[Phase.generate],  # to look for a shorter example would take minutes
        ),
    )
