"""What a search finds and in which order, and that it follows the names of contacts; on real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from opsdash_chassis.database.pools import Database
from opsdash_chassis.settings import DatabaseSettings
from opsdash_contracts.workspace import Company, Contact
from opsdash_tickets.directory import repository as directory
from opsdash_tickets.indexing import service as indexing
from pydantic import SecretStr

from tests.integration.stacks import Api
from tests.support.stack import Client
from tests.support.workspace import OrgFixture

FOUND = OrgFixture("found")
PATH = "/orgs/found/tickets"
TITLES = (
    "Refund for PO-81234567",
    "Mail from anna.kowal@acme.example bounced",
    "see invoice.pdf, AC/DC",
    "Facturación bloqueada",
    "会議室の複合機が紙詰まりです",
    "Licence error 1 on start",
    "Call +48 600 100 200",
    "C++ crashes since v2.14.3",
    "Straße 007",
    "refund",
    "refund again",
    "error in /var/log/err.log",
)


@pytest.fixture(scope="module")
async def client(api: Api) -> Client:
    """The owner of an org with these tickets, by number in their order."""
    owner = await api.new_org(FOUND)
    for title in TITLES:
        await owner.create_ticket("found", title=title)
    await owner.create_ticket("found", title="For somebody", contact_id=str(FOUND.contact), description="refund? no")
    return owner


async def items(client: Client, words: str, more: str = "") -> list[dict[str, Any]]:
    answer = await client.call("GET", f"{PATH}?q={quote(words)}{more}")
    assert answer.status == 200, answer.body
    return list(answer.body["items"])


async def numbers(client: Client, words: str, more: str = "") -> list[int]:
    return [item["number"] for item in await items(client, words, more)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("81234567", [1]), ("kowal", [2]), ("anna.kow", [2]), ("acme.example", [2]), ("pdf invoice.pdf", [3]),
        ("dc", [3]), ("facturacion", [4]), ("FACTURACIO\u0301N", [4]), ("紙詰まり", [5]), ("複合", [5]),
        ("600100200", [7]), ("C++", [8]), ("2.14.3", [8]), ("strasse", [9]), ("var/log", [12]),
        ("contact fou", [13]), ("company found", [13]), ("somebody company", [13]),
    ],
)  # fmt: skip
async def test_what_readers_see_is_found(client: Client, words: str, found: list[int]):
    assert await numbers(client, words) == found


@pytest.mark.parametrize("words", ["%", "_", "'", '"', "\\", ":*", "& |", "!", "c#", "kowal.anna", "紙まり"])
async def test_signs_are_no_syntax(client: Client, words: str):
    assert await numbers(client, words) == []


async def test_a_hit_says_where_it_was_found(client: Client):
    found = {item["number"]: item["found_in"] for item in await items(client, "refund")}
    assert found == {1: ["title"], 10: ["title"], 11: ["title"], 13: ["description"]}
    assert (await items(client, "acme.example"))[0]["found_in"] == ["title"]
    assert (await items(client, "somebody found"))[0]["found_in"] == ["title", "contact", "company"]
    assert (await items(client, "#3"))[0].get("found_in") is None
    assert "found_in" not in (await client.call("GET", PATH)).body["items"][0]


class TestOrder:
    async def test_the_whole_title_then_the_newest(self, client: Client):
        assert await numbers(client, "Refund!") == [10, 13, 11, 1]
        assert await numbers(client, "refund", "&sort=number") == [10, 1, 11, 13]

    async def test_the_number_then_the_word(self, client: Client):
        assert await numbers(client, "1") == [1, 8, 7, 6]
        assert await numbers(client, "#1") == [1]
        assert await numbers(client, "1", "&sort=number") == [1, 6, 7, 8]

    async def test_zeros_in_front_are_text(self, client: Client):
        assert await numbers(client, "007") == [9]
        assert await numbers(client, "#007") == [9]
        assert await numbers(client, "01") == []

    async def test_filters_narrow_both(self, client: Client):
        assert await numbers(client, "1", "&status=closed") == []
        assert await numbers(client, "1", "&status=open&priority=medium") == [1, 8, 7, 6]

    @pytest.mark.parametrize("sort", ["", "&sort=number", "&sort=-priority", "&status=open", "&category=general"])
    @pytest.mark.parametrize("words", ["refund", "1", "e"])
    async def test_pages_show_everything_once(self, client: Client, words: str, sort: str):
        everything = await numbers(client, words, f"{sort}&limit=100")
        paged: list[int] = []
        cursor = ""
        while cursor is not None:
            page = (await client.call("GET", f"{PATH}?q={words}{sort}&limit=1&count=true{cursor}")).body
            paged += [item["number"] for item in page["items"]]
            assert page["total"] == len(everything)
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert paged == everything
        assert len(everything) > 1


async def test_what_was_changed_is_found_by_its_new_words_only(client: Client):
    ticket = await client.create_ticket("found", title="quokka", description="wombat")
    assert await numbers(client, "quokka wombat") == [ticket["number"]]
    await client.call("PATCH", f"{PATH}/{ticket['number']}", {"title": "numbat"})
    assert await numbers(client, "quokka") == []
    assert await numbers(client, "numbat wombat") == [ticket["number"]]
    await client.call("PATCH", f"{PATH}/{ticket['number']}", {"contact_id": str(FOUND.contact)})
    assert await numbers(client, "numbat contact") == [ticket["number"]]
    await client.call("DELETE", f"{PATH}/{ticket['number']}")
    assert await numbers(client, "numbat") == []


@pytest.mark.parametrize(
    "condition",
    [
        *(f"sla={state}" for state in ("overdue", "at_risk", "soon", "today", "none")),
        *(f"{name}=none" for name in ("assignee", "contact", "company", "project")),
        "status=open", "priority=medium", "category=general", "created_from=2020-01-01T00:00:00Z", f"id={FOUND.owner}",
    ],
    ids=lambda condition: condition.removesuffix(str(FOUND.owner)),  # an id of each worker's own
)  # fmt: skip
async def test_every_filter_goes_with_words_and_numbers(client: Client, condition: str):
    for words in ("refund", "1"):
        everything = await numbers(client, words, f"&{condition}&limit=100")
        filtered = [
            item["number"] for item in (await client.call("GET", f"{PATH}?{condition}&limit=100")).body["items"]
        ]
        assert set(everything) == set(await numbers(client, words, "&limit=100")) & set(filtered)
        counted = await client.call("GET", f"{PATH}?q={words}&{condition}&count=true")
        assert counted.body["total"] == len(everything)


async def test_another_org_is_never_found(api: Api, client: Client):
    await api.as_("owner").create_ticket("ours", "echidna")
    assert await numbers(client, "echidna") == []


@pytest.fixture
async def worker(api: Api) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(api.stack.database.worker_url)
    yield connection
    await connection.close()


@pytest.fixture
async def database(api: Api) -> AsyncIterator[Database]:
    """As housekeeping has it."""
    settings = DatabaseSettings.model_construct(
        database_url=SecretStr(api.stack.database.app_url),
        database_worker_url=SecretStr(api.stack.database.worker_url),
        crash_at=None,
    )
    opened = Database(settings, name="test")
    await opened.open()
    yield opened
    await opened.close()


async def test_the_tickets_follow_the_names_of_contact_and_company(
    api: Api, client: Client, worker: Any, database: Database
):
    await directory.upsert_contact(
        worker,
        Contact(
            org_id=FOUND.id, contact_id=FOUND.contact, name="Zoë Ångström", email="zoe@new.example",
            company_id=FOUND.company, version=7,
        ),
    )  # fmt: skip
    await directory.upsert_company(
        worker, Company(org_id=FOUND.id, company_id=FOUND.company, name="Œuvre SA", version=7)
    )
    assert await indexing.index_changed_contacts(database, settled_seconds=3600) == 0
    assert await indexing.index_changed_contacts(database, settled_seconds=0) >= 1
    assert await numbers(client, "zoe angstrom") == [13]
    assert await numbers(client, "new.example oeuvre") == [13]
    assert await numbers(client, "somebody contact") == []
    assert await worker.fetchval("SELECT count(*) FROM changed_contacts") == 0


async def test_what_the_release_before_writes_is_found_and_indexed_anew(
    client: Client, worker: Any, database: Database
):
    async with worker.transaction():
        await worker.execute("UPDATE tickets SET title = 'Käse Platypus' WHERE org_id = $1 AND number = 12", FOUND.id)
        words, version = await worker.fetchrow(
            "SELECT tsvector_to_array(search), search_version FROM tickets WHERE org_id = $1 AND number = 12", FOUND.id
        )
    assert {word.partition(":")[2] for word in words} == {"käse", "platypus"}
    assert version == 0
    await indexing.index_outdated(database)
    assert await numbers(client, "kase platypus") == [12]
    assert await worker.fetchval("SELECT count(*) FROM tickets WHERE search_version = 0") == 0


@pytest.mark.parametrize(
    ("words", "found"),
    [("angstrom", True), ("ÅNGSTRÖM zoë", True), ("ngst", True), ("obrien", True), ("zoe x", False)],
)
async def test_pickers_compare_names_as_the_search_does(
    client: Client, worker: Any, database: Database, words: str, found: bool
):
    await directory.upsert_contact(
        worker,
        Contact(
            org_id=FOUND.id, contact_id=FOUND.contact, name="Zoë Ångström-O'Brien", email=None,
            company_id=FOUND.company, version=9,
        ),
    )  # fmt: skip
    await indexing.fold_names(database)
    chosen = (await client.call("GET", f"/orgs/found/contacts?q={quote(words)}")).body["items"]
    assert [item["name"] for item in chosen] == (["Zoë Ångström-O'Brien"] if found else [])


async def test_a_name_that_is_not_folded_yet_is_found_as_it_is(client: Client, worker: Any, database: Database):
    async with worker.transaction():
        await worker.execute(
            "UPDATE members SET name = 'Grace' WHERE org_id = $1 AND user_id = $2", FOUND.id, FOUND.admin
        )
        query = "SELECT folded FROM members WHERE org_id = $1 AND user_id = $2"
        assert await worker.fetchval(query, FOUND.id, FOUND.admin) is None
    assert [one["name"] for one in (await client.call("GET", "/orgs/found/members?q=grac")).body["items"]] == ["Grace"]
