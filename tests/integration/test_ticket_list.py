"""Filters, sorts, search, counts, export: what the list answers, on real PostgreSQL."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from opsdash_chassis.text.moments import time_zones

from tests.integration.stacks import Api
from tests.support.stack import Client
from tests.support.workspace import OrgFixture

LISTED = OrgFixture("listed")
PATH = "/orgs/listed/tickets"
FORMULA = '=HYPERLINK("http://x")'


@pytest.fixture(scope="module")
async def client(api: Api) -> Client:
    """The owner of an org with a known set of tickets: a to j, one of each kind that a filter tells apart."""
    owner = await api.new_org(LISTED)
    soon = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
    for fields in (
        {"title": "a printer on fire", "priority": "urgent", "category": "technical", "assignee_id": str(LISTED.owner)},
        {"title": "b Invoice 100% wrong", "category": "billing", "assignee_id": str(LISTED.admin)},
        {"title": "c webhook 502 error", "priority": "high", "contact_id": str(LISTED.contact)},
        {"title": "d reset_password mail", "status": "waiting", "project_id": str(LISTED.project)},
        {"title": "e O'Brien cannot sign in", "status": "resolved", "priority": "low"},
        {"title": FORMULA, "description": "printers everywhere", "status": "closed"},
        {"title": "g due soon", "sla_due_at": soon},
        {"title": "h overdue", "priority": "high"},
        {"title": "i no due time", "priority": "low"},
        {"title": "j Ärger mit Umlaut"},
    ):
        await owner.create_ticket("listed", **fields)
    await owner.call("PATCH", f"{PATH}/9", {"sla_due_at": None})
    connection = await asyncpg.connect(api.stack.database.worker_url)
    await connection.execute(
        "UPDATE tickets SET created_at = now() - interval '30 hours', sla_due_at = now() - interval '6 hours'"
        " WHERE org_id = $1 AND number = 8",
        LISTED.id,
    )
    await connection.close()
    return owner


async def letters(client: Client, query: str, path: str = PATH) -> str:
    """First letters of the titles a query finds, in order."""
    answer = await client.call("GET", f"{path}?{query}")
    assert answer.status == 200, answer.body
    return "".join(item["title"][0] for item in answer.body["items"])


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=waiting", "d"),
            ("status=resolved,closed", "=e"),
            ("priority=urgent,high", "hca"),
            ("category=billing", "b"),
            ("assignee=me", "a"),
            pytest.param(f"assignee={LISTED.admin}", "b", id="assignee-by-id"),
            ("assignee=me,none&status=open", "jihgca"),
            pytest.param(f"contact={LISTED.contact}", "c", id="contact-by-id"),
            pytest.param(f"company={LISTED.company}", "c", id="company-by-id"),
            pytest.param(f"project={LISTED.project}", "d", id="project-by-id"),
            ("sla=overdue", "h"),
            ("sla=none", "i"),
            ("sla=overdue,none", "ih"),
            ("priority=high&status=open&assignee=none", "hc"),
            ("contact=00000000-0000-7000-8000-000000000000", ""),
        ],
    )
    async def test_each_alone_and_together(self, client: Client, query: str, found: str):
        assert sorted(await letters(client, query)) == sorted(found)

    async def test_at_risk_is_the_last_fifth_of_the_window(self, api: Api, client: Client):
        connection = await asyncpg.connect(api.stack.database.worker_url)
        await connection.execute(
            "UPDATE tickets SET created_at = now() - interval '90 minutes', sla_due_at = now() + interval '10 minutes'"
            " WHERE org_id = $1 AND number = 7",
            LISTED.id,
        )
        await connection.close()
        assert await letters(client, "sla=at_risk") == "g"
        assert (await client.call("GET", f"{PATH}/7")).body["sla_state"] == "at_risk"

    @pytest.mark.parametrize("zone", ["", "Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kathmandu"])
    async def test_today_is_the_day_of_the_zone(self, api: Api, client: Client, zone: str):
        begins = datetime.now(ZoneInfo(zone or "UTC")).replace(hour=0, minute=0, second=0, microsecond=0)
        ends = begins + timedelta(days=1)
        connection = await asyncpg.connect(api.stack.database.worker_url)
        found = []
        for due in (begins - timedelta(seconds=1), begins, ends - timedelta(seconds=1), ends):
            await connection.execute(
                "UPDATE tickets SET sla_due_at = $2 WHERE org_id = $1 AND number = 10", LISTED.id, due
            )
            query = f"sla=today&time_zone={zone}" if zone else "sla=today"
            found.append("j" in await letters(client, query))
        await connection.close()
        assert found == [False, True, True, False]

    async def test_every_zone_of_a_browser_is_known_to_the_database(self, api: Api, client: Client):
        connection = await asyncpg.connect(api.stack.database.worker_url)
        unknown = await connection.fetch(
            "SELECT name FROM unnest($1::text[]) name WHERE name NOT IN (SELECT z.name FROM pg_timezone_names z)",
            sorted(time_zones()),
        )
        await connection.close()
        assert [row["name"] for row in unknown] == []
        assert (await client.call("GET", f"{PATH}?sla=today&time_zone=Nowhere/Land")).status == 400

    async def test_by_time_of_creation(self, client: Client):
        since = (datetime.now(UTC) - timedelta(hours=20)).isoformat().replace("+00:00", "Z")
        assert "h" not in await letters(client, f"created_from={since}")
        assert await letters(client, f"created_to={since}") == "h"
        precise = since.replace("Z", "789z").replace("T", "t")  # as systems with nanoseconds write it
        assert await letters(client, f"created_to={precise}") == "h"

    async def test_foreign_ids_find_nothing(self, api: Api, client: Client):
        assert await letters(client, f"contact={api.ours.contact}") == ""
        assert await letters(client, f"assignee={api.ours.owner}") == ""

    async def test_by_ids_those_that_are_there_in_the_order_of_the_list(self, api: Api, client: Client):
        foreign = (await api.as_("owner").create_ticket("ours"))["id"]
        gone = (await client.create_ticket("listed", title="k deleted"))["id"]
        assert (await client.call("DELETE", f"{PATH}/{gone}")).status == 204
        a, c, d = [(await client.call("GET", f"{PATH}/{number}")).body["id"] for number in (1, 3, 4)]
        unknown = "00000000-0000-7000-8000-000000000000"
        assert await letters(client, f"id={a},{foreign},{gone},{unknown},{d},{c},{a}&limit=100") == "dca"
        assert await letters(client, f"id={a},{d}&status=waiting") == "d"
        assert await letters(client, f"id={a},{c}&q=printer") == "a"

    @pytest.mark.parametrize("ids", ["", "none", "1", "x", "00000000-0000-7000-8000-000000000000,"])
    async def test_what_is_no_id_is_told(self, client: Client, ids: str):
        answer = await client.call("GET", f"{PATH}?id={ids}")
        assert (answer.status, answer.body["errors"][0]["pointer"]) == (400, "/query/id")

    async def test_more_ids_than_rows_of_a_page_are_too_many(self, client: Client):
        ids = [f"00000000-0000-7000-8000-{number:012d}" for number in range(101)]
        assert (await client.call("GET", f"{PATH}?id={','.join(ids[:100])}")).status == 200
        answer = await client.call("GET", f"{PATH}?id={','.join(ids)}")
        assert (answer.status, answer.body["errors"][0]["code"]) == (400, "too-many")

    async def test_count_is_of_all_matches_and_only_on_request(self, client: Client):
        counted = (await client.call("GET", f"{PATH}?limit=2&count=true&status=open")).body
        assert (len(counted["items"]), counted["total"]) == (2, 7)
        assert "total" not in (await client.call("GET", PATH)).body


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("printer", "=a"), ("printer%20fi", "a"), ("fire%20printer", "a"), ("PRINTER", "=a"), ("rinter", ""),
            ("%233", "c"), ("3", "c"), ("502", "c"), ("%23502", ""), ("%25", ""), ("_", ""), ("%5C", ""), ("'", ""),
            ("O'Brien", "e"), ("100%25", "b"), ("reset_password", "d"), ("%C3%A4rger", "j"), ("%26", ""),
            ("a%20%26%20!b", ""), ("webhook%20%7C%20printer", ""), (":*", ""), ("zzz", ""),
        ],
    )  # fmt: skip
    async def test_words_numbers_and_literal_signs(self, client: Client, words: str, found: str):
        assert sorted(await letters(client, f"q={words}")) == sorted(found)

    async def test_goes_with_filters_and_never_finds_another_org(self, api: Api, client: Client):
        await api.as_("owner").create_ticket("ours", "printer of somebody else")
        assert await letters(client, "q=printer&status=closed") == "="
        assert await letters(client, "q=somebody") == ""

    async def test_a_thousand_wildcards_are_no_burden(self, client: Client):
        assert (await client.call("GET", f"{PATH}?q={'%25' * 200}")).status == 200
        assert (await client.call("GET", f"{PATH}?q={'%25' * 201}")).status == 400


class TestSorts:
    KEYS: ClassVar = {
        "created_at": lambda item: item["created_at"],
        "updated_at": lambda item: item["updated_at"],
        "number": lambda item: item["number"],
        "sla_due_at": lambda item: item["sla_due_at"] or "9999",
        "priority": lambda item: ["low", "medium", "high", "urgent"].index(item["priority"]),
    }  # fmt: skip

    @pytest.mark.parametrize("field", KEYS)
    @pytest.mark.parametrize("sign", ["", "-"])
    async def test_pages_in_order_to_the_end_without_gap_or_double(self, client: Client, field: str, sign: str):
        items: list[dict[str, Any]] = []
        cursor = ""
        while cursor is not None:
            page = (await client.call("GET", f"{PATH}?limit=3&sort={sign}{field}{cursor}")).body
            items += page["items"]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        keys = [self.KEYS[field](item) for item in items]
        assert keys == sorted(keys, reverse=bool(sign))
        assert sorted(item["number"] for item in items) == list(range(1, 11))

    async def test_a_cursor_is_bound_to_its_filter_and_sort(self, client: Client):
        cursor = (await client.call("GET", f"{PATH}?limit=1&sort=number")).body["next_cursor"]
        for other in ("sort=-number", "sort=number&status=open", "sort=created_at", "q=a&sort=number"):
            answer = await client.call("GET", f"{PATH}?limit=1&{other}&cursor={cursor}")
            assert (answer.status, answer.body["type"]) == (400, "/problems/invalid-cursor"), other
        assert (await client.call("GET", f"{PATH}?limit=1&sort=number&cursor={cursor}")).status == 200


class TestExport:
    async def test_streams_the_same_filter_with_harmless_cells(self, client: Client):
        answer = await client.call("GET", f"{PATH}.csv?status=closed,open&sort=number")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="tickets-listed.csv"'
        assert answer.body[0] == "\ufeff"
        rows = list(csv.DictReader(io.StringIO(answer.body[1:])))
        assert [row["number"] for row in rows] == ["1", "2", "3", "6", "7", "8", "9", "10"]
        assert rows[3]["title"] == f"'{FORMULA}"
        assert rows[2]["company"] == "Company listed"
        assert (rows[5]["sla_state"], rows[6]["sla_due_at"]) == ("breached", "")

    async def test_refuses_what_the_list_refuses(self, api: Api, client: Client):
        assert (await client.call("GET", f"{PATH}.csv?status=done")).status == 400
        assert (await api.as_("owner").call("GET", f"{PATH}.csv")).status == 404


class TestAround:
    async def test_insights_count_with_the_same_predicate(self, client: Client):
        body = (await client.call("GET", "/orgs/listed/insights")).body
        listed = (await client.call("GET", f"{PATH}?sla=overdue&count=true")).body["total"]
        assert (body["open"], body["overdue"], listed, body["unassigned"]) == (8, 1, 1, 6)
        assert body["by_priority"] == {"urgent": 1, "high": 2, "medium": 4, "low": 1}
        assert [ticket["number"] for ticket in body["most_overdue"]] == [8]
        soon = (await client.call("GET", f"{PATH}?sla=soon&count=true")).body["total"]
        assert body["due_soon"] == soon
        assert body["due_in_4_hours"] <= soon

    async def test_support_tells_plan_rights_and_choices(self, api: Api, client: Client):
        body = (await client.call("GET", "/orgs/listed/support")).body
        assert (body["feature"], body["plate"], body["used"], body["limit"]) == ("crm:support", "agency", 10, 10_000)
        assert (body["role"], body["permissions"]) == ("owner", ["read", "write", "delete"])
        assert [choice["sla_hours"] for choice in body["priorities"]] == [4, 24, 72, 168]
        assert body["categories"][-1] == {"value": "feature_request", "label": "Feature Request"}
        viewer = (await api.as_("viewer", LISTED).call("GET", "/orgs/listed/support")).body
        assert viewer["permissions"] == ["read"]

    @pytest.mark.parametrize("kind", ["members", "contacts", "companies", "projects"])
    async def test_pickers_find_by_part_of_the_name_in_this_org_only(self, client: Client, kind: str):
        everything = (await client.call("GET", f"/orgs/listed/{kind}")).body["items"]
        assert everything
        assert all("listed" in item["name"] for item in everything)
        assert (await client.call("GET", f"/orgs/listed/{kind}?q=LISTED")).body["items"] == everything
        for literal in ("%25", "_", "zzz"):
            assert (await client.call("GET", f"/orgs/listed/{kind}?q={literal}")).body["items"] == []

    async def test_only_members_who_may_work_are_assignable(self, client: Client):
        members = (await client.call("GET", "/orgs/listed/members")).body["items"]
        assert {item["role"]: item["assignable"] for item in members} == {
            "owner": True, "admin": True, "member": True, "viewer": False,
        }  # fmt: skip
