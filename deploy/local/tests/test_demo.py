"""The demo is complete, stable and accepted by the contracts it is sent through."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from opsdash_comments.comments.validation import body as comment_body
from opsdash_contracts.workspace import Kind, Plate, Role
from opsdash_gateway.workspace.entities import put_event
from opsdash_local.demo import load, workspace
from opsdash_local.demo.gateway import GatewayRefusedError
from opsdash_local.demo.names import ORGS, PEOPLE
from opsdash_local.demo.tickets import COUNTS, tickets
from opsdash_tickets.tickets.schemas import CreateTicket
from opsdash_tickets.tickets.validation import title as checked_title

MINUTE = timedelta(minutes=1)


class FakeGateway:
    """Remembers requests; the org is unknown for the first `late` of them; posted tickets are there afterwards."""

    def __init__(self, *, late: int = 0, status: int = 404, ends_after: int = 10_000) -> None:
        self.late = late
        self.status = status
        self.ends_after = ends_after
        self.titles: dict[str, list[str]] = {}
        self.synced: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, str]] = []
        self.due: list[datetime] = []

    async def sync(self, lines: Any, service_token: str) -> dict[str, Any]:
        assert service_token == "service-token"
        self.synced = list(lines)
        return {}

    async def as_person(self, user_id: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        if self.late > 0:
            self.late -= 1
            raise GatewayRefusedError(path, self.status, "not yet")
        org = path.split("/")[3]
        if method == "GET":
            return {"items": [{"title": title} for title in self.titles.get(org, [])]}
        if len(self.requests) >= self.ends_after:
            raise GatewayRefusedError(path, 409, "it is over")
        if path.endswith("/tickets"):
            self.titles.setdefault(org, []).append(body["title"])
        self.requests.append((user_id, method, path))
        if "sla_due_at" in (body or {}):
            self.due.append(datetime.fromisoformat(body["sla_due_at"]))
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
        for ticket in tickets(org):
            assert set(ticket.body) <= set(CreateTicket.__struct_fields__)
            checked_title(ticket.body["title"])
            assert ticket.body["contact_id"] in workspace.contact_ids(org)
            assert {ticket.author, *(person for person, _ in ticket.changes)} <= writers

    def test_the_main_org_has_about_sixty_in_every_status(self) -> None:
        main = tickets(workspace.MAIN_ORG)
        assert len(main) == 60
        final = Counter(next((c["status"] for _, c in reversed(t.changes) if "status" in c), "open") for t in main)
        assert set(final) == {"open", "in_progress", "waiting", "resolved", "closed"}

    @pytest.mark.parametrize("org", COUNTS)
    def test_comments_are_valid_and_spoken_by_people_who_may(self, org: str) -> None:
        writers = {workspace.user_id(person) for person, role in ORGS[org][2].items() if role != "viewer"}
        for ticket in tickets(org):
            for place, comment in enumerate(ticket.comments):
                assert {comment.author, *comment.mentions} <= writers
                assert comment_body(comment.later or comment.body)
                assert "{" not in f"{comment.body}{comment.later}"
                assert comment.reply_to is None or comment.reply_to < place

    @pytest.mark.parametrize("org", COUNTS)
    def test_nobody_thanks_or_mentions_themselves(self, org: str) -> None:
        first_names = {workspace.user_id(person): name.split()[0] for person, name in PEOPLE.items()}
        said = [comment for ticket in tickets(org) for comment in ticket.comments]
        assert said
        for comment in said:
            assert first_names[comment.author] not in f"{comment.body} {comment.later}"
            assert comment.author not in comment.mentions

    @pytest.mark.parametrize("org", COUNTS)
    def test_some_are_assigned_by_another_and_mention_somebody_so_that_people_are_told(self, org: str) -> None:
        assigned = [
            person != change["assignee_id"]
            for ticket in tickets(org)
            for person, change in ticket.changes
            if "assignee_id" in change
        ]
        assert {True, False} <= set(assigned)
        assert any(comment.mentions for ticket in tickets(org) for comment in ticket.comments)

    @pytest.mark.parametrize("org", COUNTS)
    def test_some_fall_due_between_the_first_and_the_third_minute_under_somebodys_name(self, org: str) -> None:
        soon = [ticket for ticket in tickets(org) if ticket.due_in and MINUTE <= ticket.due_in <= 3 * MINUTE]
        assert soon
        for ticket in soon:
            assert any("assignee_id" in change for _, change in ticket.changes)
            assert {change["status"] for _, change in ticket.changes if "status" in change} == {"in_progress"}

    def test_in_the_main_org_something_happens_for_a_quarter_of_an_hour(self) -> None:
        due = sorted(ticket.due_in for ticket in tickets(workspace.MAIN_ORG) if ticket.due_in)
        pauses = [after - before for before, after in pairwise([timedelta(), *due])]
        first_minutes = [after for after in due if after <= 3 * MINUTE]
        assert len(first_minutes) == 5
        assert all(timedelta() < pause <= MINUTE for pause in pauses[1:5])
        assert all(timedelta() < pause <= 3 * MINUTE for pause in pauses)
        assert due[-1] > 12 * MINUTE

    def test_some_tickets_have_many_comments_and_some_have_none(self) -> None:
        counts = {len(ticket.comments) for ticket in tickets(workspace.MAIN_ORG)}
        assert {0, 1, 4} <= counts

    def test_the_free_org_gets_none(self) -> None:
        assert not tickets("juniper")


class TestLoad:
    async def load(self, gateway: FakeGateway, unfinished: Path | None = None) -> int:
        """How many tickets are new."""
        line = await load.load(gateway, "service-token", load.Unfinished(unfinished))
        assert line.startswith("4 orgs, 113 directory entries, ")
        assert len(gateway.synced) == 113
        return int(line.split()[-3])

    async def test_the_workspace_is_sent_on_every_start_but_tickets_only_once(self, tmp_path: Path) -> None:
        gateway = FakeGateway()
        assert await self.load(gateway, tmp_path / "unfinished") == 82
        gateway.titles[workspace.MAIN_ORG].pop()  # somebody deletes one
        before = len(gateway.requests)
        assert await self.load(gateway, tmp_path / "unfinished") == 0
        assert len(gateway.requests) == before

    async def test_it_waits_until_the_directory_has_arrived(self) -> None:
        gateway = FakeGateway(late=2)
        assert await self.load(gateway) == 82
        posted = Counter(path.rpartition("/")[2] for _, method, path in gateway.requests if method == "POST")
        assert posted["tickets"] == 82
        assert posted["comments"] >= 82

    @pytest.mark.parametrize("requests", [1, 40, 200, 330])
    async def test_a_load_that_was_interrupted_is_completed(self, tmp_path: Path, requests: int) -> None:
        gateway = FakeGateway(ends_after=requests)
        with pytest.raises(ExceptionGroup):
            await self.load(gateway, tmp_path / "unfinished")
        gateway.ends_after = 10_000
        created = sum(len(titles) for titles in gateway.titles.values())
        assert await self.load(gateway, tmp_path / "unfinished") == 82 - created
        assert {org: len(set(titles)) for org, titles in gateway.titles.items()} == COUNTS
        assert await self.load(gateway, tmp_path / "unfinished") == 0

    async def test_one_interrupted_after_its_last_ticket_is_not_resumed_for_ever(self, tmp_path: Path) -> None:
        gateway, mark = FakeGateway(), tmp_path / "unfinished"
        await self.load(gateway)
        mark.touch()
        assert await self.load(gateway, mark) == 0
        assert not load.Unfinished(mark).was_left

    async def test_due_times_are_counted_from_the_moment_a_ticket_is_opened(self) -> None:
        gateway, before = FakeGateway(late=2), datetime.now(UTC)
        await self.load(gateway)
        after = datetime.now(UTC)
        expected = sorted(ticket.due_in for org in COUNTS for ticket in tickets(org) if ticket.due_in)
        assert len(gateway.due) == len(expected)
        for due, due_in in zip(sorted(gateway.due), expected, strict=True):
            assert before + due_in <= due <= after + due_in

    async def test_an_answer_that_will_not_get_better_ends_the_load(self) -> None:
        with pytest.raises(GatewayRefusedError, match="409"):
            await self.load(FakeGateway(late=1, status=409))
