"""The demo is complete, stable and accepted by the contracts it is sent through."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from opsdash_comments.values import body as comment_body
from opsdash_contracts.workspace import Kind, Plate, Role
from opsdash_gateway.entities import put_event
from opsdash_local.demo import load, workspace
from opsdash_local.demo.gateway import GatewayRefusedError
from opsdash_local.demo.names import ORGS
from opsdash_local.demo.tickets import COUNTS, tickets
from opsdash_tickets.schemas import CreateTicket
from opsdash_tickets.values import title as checked_title

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class FakeGateway:
    """Remembers requests; the org is unknown for the first `late` of them, then it has `existing` tickets."""

    def __init__(self, *, late: int = 0, existing: int = 0, status: int = 404) -> None:
        self.late = late
        self.status = status
        self.existing = existing
        self.synced: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, str]] = []

    async def sync(self, lines: Any, service_token: str) -> dict[str, Any]:
        assert service_token == "service-token"
        self.synced = list(lines)
        return {}

    async def as_person(self, user_id: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        if self.late > 0:
            self.late -= 1
            raise GatewayRefusedError(path, self.status, "not yet")
        if method == "GET":
            return {"items": [{}] * self.existing}
        self.requests.append((user_id, method, path))
        return {"id": f"t{len(self.requests)}"}


class TestWorkspace:
    def test_every_line_is_an_event_the_contract_accepts(self) -> None:
        for line in workspace.lines():
            assert line["op"] == "put"
            put_event(Kind(line["kind"]), UUID(line["id"]), line["body"])

    def test_it_has_what_it_promises(self) -> None:
        counts = Counter(line["kind"] for line in workspace.lines())
        assert (counts["org"], counts["company"], counts["contact"], counts["project"]) == (4, 20, 60, 12)
        assert len(workspace.people()) == 12
        assert len({line["id"] for line in workspace.lines()}) == sum(counts.values())

    def test_all_roles_and_a_free_plate_are_there(self) -> None:
        roles = {entry["role"] for person in workspace.people() for entry in person["memberships"]}
        assert roles == set(Role)
        plates = [plate for _, plate, _ in ORGS.values()]
        assert Plate.FREE in plates
        assert len(set(plates)) == 4

    def test_some_people_belong_to_several_orgs(self) -> None:
        assert sum(len(person["memberships"]) > 1 for person in workspace.people()) >= 4

    def test_ids_never_change(self) -> None:
        assert list(workspace.lines()) == list(workspace.lines())
        assert workspace.user_id("maya") == "d879d09d-d95e-5c7f-a167-2294facde7b1"

    def test_no_two_contacts_of_an_org_share_a_name(self) -> None:
        names = Counter(
            (line["body"]["org_id"], line["body"]["name"]) for line in workspace.lines() if line["kind"] == "contact"
        )
        assert max(names.values()) == 1


class TestTickets:
    @pytest.mark.parametrize("org", COUNTS)
    def test_bodies_are_valid_and_refer_to_the_org_itself(self, org: str) -> None:
        writers = {workspace.user_id(person) for person, role in ORGS[org][2].items() if role != "viewer"}
        for ticket in tickets(org, NOW):
            assert set(ticket.body) <= set(CreateTicket.__struct_fields__)
            checked_title(ticket.body["title"])
            assert ticket.body["contact_id"] in workspace.contact_ids(org)
            assert {ticket.author, *(person for person, _ in ticket.changes)} <= writers

    def test_the_main_org_has_about_sixty_in_every_status(self) -> None:
        main = tickets(workspace.MAIN_ORG, NOW)
        assert len(main) == 60
        final = Counter(next((c["status"] for _, c in reversed(t.changes) if "status" in c), "open") for t in main)
        assert set(final) == {"open", "in_progress", "waiting", "resolved", "closed"}

    @pytest.mark.parametrize("org", COUNTS)
    def test_comments_are_valid_and_spoken_by_people_who_may(self, org: str) -> None:
        writers = {workspace.user_id(person) for person, role in ORGS[org][2].items() if role != "viewer"}
        for ticket in tickets(org, NOW):
            for place, comment in enumerate(ticket.comments):
                assert {comment.author, *comment.mentions} <= writers
                assert comment_body(comment.later or comment.body)
                assert "{" not in f"{comment.body}{comment.later}"
                assert comment.reply_to is None or comment.reply_to < place

    def test_some_tickets_have_many_comments_and_some_have_none(self) -> None:
        counts = {len(ticket.comments) for ticket in tickets(workspace.MAIN_ORG, NOW)}
        assert {0, 1, 4} <= counts

    def test_the_free_org_gets_none(self) -> None:
        assert not tickets("juniper", NOW)


class TestLoad:
    async def test_the_workspace_is_sent_on_every_start_but_tickets_only_once(self) -> None:
        gateway = FakeGateway(existing=1)
        assert await load.load(gateway, "service-token") == "4 orgs, 113 directory entries, 0 new tickets"
        assert len(gateway.synced) == 113
        assert not gateway.requests

    async def test_it_waits_until_the_directory_has_arrived(self) -> None:
        gateway = FakeGateway(late=2)
        assert await load.load_org(gateway, "pinecrest") == 8
        posted = Counter(path.rpartition("/")[2] for _, method, path in gateway.requests if method == "POST")
        assert posted["tickets"] == 8
        assert posted["comments"] >= 8

    async def test_an_answer_that_will_not_get_better_ends_the_load(self) -> None:
        with pytest.raises(GatewayRefusedError, match="409"):
            await load.load_org(FakeGateway(late=1, status=409), "pinecrest")
