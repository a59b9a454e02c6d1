"""The guard of the tenant scope sees the mistakes it is there for."""

from __future__ import annotations

import pytest

from tests.architecture.sources import planted
from tests.architecture.statements import Crossing, builds, constants_of, functions, literals_of
from tests.architecture.tenant_scope import unscoped

TABLES = {
    "tickets": ("org_id", "id", "number", "contact_id"),
    "members": ("org_id", "user_id", "name"),
    "inbox": ("event_id",),
}
SCOPED = [
    "SELECT * FROM tickets WHERE org_id = $1 AND id = $2",
    "SELECT * FROM tickets t WHERE ($1::uuid) = t.org_id",
    "SELECT * FROM tickets t WHERE (t.org_id, t.id) = ($1, $2)",
    "SELECT * FROM tickets WHERE org_id = current_setting('app.org_id')::uuid",
    "SELECT * FROM tickets t JOIN members m ON m.org_id = t.org_id WHERE t.org_id = $1",
    "SELECT * FROM tickets t, members m WHERE m.org_id = $1 AND t.org_id = m.org_id",
    "SELECT * FROM tickets t LEFT JOIN members m USING (org_id) WHERE t.org_id = $1",
    "SELECT * FROM tickets t, LATERAL (SELECT FROM members m WHERE m.org_id = t.org_id) m WHERE t.org_id = $1",
    "SELECT t.* FROM unnest($1::uuid[], $2::uuid[]) AS wanted(org_id, id) JOIN tickets t USING (org_id, id)",
    "WITH x AS (SELECT * FROM tickets WHERE org_id = $1) SELECT * FROM x JOIN members m ON m.org_id = x.org_id",
    "SELECT e.org_id FROM enter_org($1, $2) e JOIN members m ON m.org_id = e.org_id",
    "INSERT INTO tickets (id, org_id) VALUES ($1, $2),($3,$4)",
    "INSERT INTO tickets (org_id, id) SELECT * FROM unnest($1::uuid[], $2::uuid[])",
    "INSERT INTO tickets (org_id, id) SELECT org_id, user_id FROM members WHERE org_id = $1",
    "WITH t AS (INSERT INTO tickets (org_id) VALUES ($1) RETURNING *) INSERT INTO members (org_id) SELECT t.* FROM t",
    "UPDATE tickets t SET number = 1 FROM members m WHERE m.org_id = $1 AND t.org_id = m.org_id",
    "DELETE FROM tickets WHERE org_id = $1",
    "DELETE FROM tickets WHERE false",
    "SELECT * FROM inbox",
]
UNSCOPED = {
    "SELECT * FROM tickets WHERE id = $1": {"tickets"},
    "SELECT * FROM Tickets WHERE id = $1": {"tickets"},
    "SELECT * FROM tickets t WHERE t.org_id = t.org_id": {"t (tickets)"},
    "SELECT * FROM tickets WHERE (org_id) IS NOT NULL": {"tickets"},
    "SELECT * FROM tickets WHERE org_id = $1 OR id = $2": {"tickets"},
    "SELECT * FROM tickets WHERE NOT (org_id = $1)": {"tickets"},
    "SELECT * FROM tickets WHERE org_id = coalesce($1, org_id)": {"tickets"},
    "SELECT * FROM tickets WHERE org_id = ANY($1::uuid[])": {"tickets"},
    "SELECT org_id = $1 FROM tickets": {"tickets"},
    # Joins.
    "SELECT * FROM tickets t JOIN members m ON m.org_id = t.org_id WHERE t.id = $1": {"t (tickets)", "m (members)"},
    "SELECT * FROM tickets t JOIN members m ON m.user_id = t.id WHERE t.org_id = $1": {"m (members)"},
    "SELECT * FROM tickets t LEFT JOIN members m ON m.org_id = t.org_id AND m.org_id = $1": {"t (tickets)"},
    "SELECT * FROM tickets t FULL JOIN members m ON m.org_id = t.org_id AND m.org_id = $1": {
        "t (tickets)",
        "m (members)",
    },
    "SELECT * FROM tickets t CROSS JOIN members m WHERE t.org_id = $1": {"m (members)"},
    "SELECT * FROM tickets t NATURAL JOIN members m WHERE t.org_id = $1": {"m (members)"},
    "SELECT * FROM unnest($1::uuid[]) AS wanted(id) JOIN tickets USING (id)": {"tickets"},
    # Parts of a statement.
    "WITH every AS (SELECT * FROM tickets) SELECT * FROM every WHERE org_id = $1": {"tickets"},
    "SELECT * FROM (SELECT * FROM tickets LIMIT 9) t WHERE t.org_id = $1": {"tickets"},
    "SELECT (SELECT count(*) FROM members) FROM tickets WHERE org_id = $1": {"members"},
    "SELECT * FROM inbox WHERE event_id IN (SELECT id FROM tickets)": {"tickets"},
    "SELECT * FROM tickets t WHERE EXISTS (SELECT FROM members m WHERE m.org_id = t.org_id AND m.org_id = $1)": {
        "t (tickets)"
    },
    "SELECT id FROM tickets WHERE org_id = $1 UNION ALL SELECT user_id FROM members": {"members"},
    "SELECT FROM tickets WHERE org_id = $1 ORDER BY (SELECT name FROM members LIMIT 1)": {"members"},
    # Changes.
    "INSERT INTO tickets (id) VALUES ($1)": {"tickets"},
    "INSERT INTO tickets (id, org_id) VALUES ($1, $2), ($3, gen_random_uuid())": {"tickets"},
    "INSERT INTO tickets (org_id, id) SELECT org_id, user_id FROM members": {"tickets", "members"},
    "INSERT INTO tickets (org_id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET number = 1": {
        "tickets (ON CONFLICT without org_id)"
    },
    "UPDATE tickets SET number = $1 WHERE id = $2": {"tickets"},
    "UPDATE tickets SET org_id = id WHERE org_id = $1": {"SET org_id"},
    "UPDATE tickets t SET number = 1 FROM members m WHERE m.org_id = $1 AND t.id = m.user_id": {"t (tickets)"},
    "DELETE FROM tickets WHERE id = $1": {"tickets"},
    "DELETE FROM tickets t USING members m WHERE m.org_id = $1": {"t (tickets)"},
    "TRUNCATE tickets": {"tickets"},
    "COPY tickets TO STDOUT": {"tickets"},
    "MERGE INTO tickets t USING members m ON t.org_id = m.org_id WHEN MATCHED THEN DELETE": {"tickets", "members"},
}


@pytest.mark.parametrize("statement", SCOPED)
def test_a_scoped_statement_passes(statement: str):
    assert unscoped(statement, TABLES) == []


@pytest.mark.parametrize("statement", UNSCOPED)
def test_an_unscoped_one_is_named(statement: str):
    assert set(unscoped(statement, TABLES)) == UNSCOPED[statement]


def test_what_cannot_be_read_is_a_finding():
    (finding,) = unscoped("SELECT * FROM tickets WHERE", TABLES)
    assert finding.startswith("not understood")


class TestCollecting:
    """Where statements are found."""

    @pytest.mark.parametrize(
        "text",
        [
            'A = "SELECT * FROM tickets"',
            'A = {1: "SELECT {what} FROM tickets".format(what="*")}',
            'A = [("x", "select * from tickets")]',
            'A = "/* why */ EXPLAIN ANALYZE SELECT * FROM tickets"',
            'A = "DECLARE c CURSOR FOR SELECT * FROM tickets"',
            'A = "TABLE tickets"',
            'WHAT = "*"\nA = f"-- why\\nSELECT {WHAT} FROM tickets"',
            'class A:\n    FIND = "SELECT * FROM tickets"',
            'def make(table): return f"SELECT * FROM {table}"\nA = make("tickets")',
            'from functools import partial\nA = partial(print, "SELECT * FROM tickets")',
            'from dataclasses import make_dataclass\nA = make_dataclass("B", ["text"])("SELECT * FROM tickets")',
        ],
    )
    def test_in_the_values_of_a_module(self, text: str):
        assert [unscoped(found.text, TABLES) for found in constants_of(planted(text))] == [["tickets"]]

    def test_in_a_function(self):
        (found,) = literals_of(planted('async def f(connection):\n    await connection.fetch("DELETE FROM tickets")'))
        assert (found.name, unscoped(found.text, TABLES)) == ("f", ["tickets"])

    @pytest.mark.parametrize(
        "body",
        [
            'return f"SELECT * FROM {x}"',
            "return FIND.format(table=x)",
            'return FIND + " LIMIT 1"',
            "return FIND % x",
            'text = FIND\n    text += " LIMIT 1"\n    return text',
            'return FINDS[x].replace("a", "b")',
            'return " ".join(["SELECT * FROM tickets", x])',
            'return "SELECT * FROM tickets" + x',
            'await connection.fetch(f"SELECT {x} FROM tickets")',
            "await connection.fetch(x + ' LIMIT 1')",
            'await connection.fetch(f"{x} {connection}")',
        ],
    )
    def test_a_function_that_builds_some_is_known_as_such(self, body: str):
        text = f'FIND = "SELECT * FROM {{table}}"\nFINDS = {{1: FIND}}\nasync def f(x, connection):\n    {body}'
        module = planted(text)
        assert builds(functions(module.tree)[0], module)

    @pytest.mark.parametrize(
        "body", ["return FIND", "await connection.fetch(FIND, x)", 'return f"a {x}"', "return len(FIND)"]
    )
    def test_another_is_not(self, body: str):
        module = planted(f'FIND = "SELECT * FROM tickets"\nasync def f(x, connection):\n    {body}')
        assert not builds(functions(module.tree)[0], module)


REPOSITORY = """
_FIND_OF_ANY_ORG = "SELECT * FROM tickets"
async def find(connection): return await connection.fetch(_FIND_OF_ANY_ORG)
"""
ROUTE = """
from litestar import Router, get
from opsdash_x import repository
@get("/")
async def answer(database):
    async with database.worker_transaction() as connection:
        return await repository.find(connection)
ROUTER = Router("/", route_handlers=[answer], opt={"authentication": Services(("comments",))})
"""


IMPORTED = """
from opsdash_x.repository import find
async def job(database):
    async with database.worker_transaction() as connection:
        await find(connection)
"""
HANDED_ON = """
import opsdash_x.repository as r
async def job(database): await run(database, r.find)
async def run(database, find):
    async with database.worker_transaction() as connection:
        await find(connection)
"""
METHODS = """
from . import repository
class Job:
    async def part(self, connection): await repository.find(connection)
    async def run(self): await self.part(await connect(self.worker_url))
"""


class TestLookingAcrossOrgs:
    def findings(self, *texts: str) -> list[str]:
        """Of the repository above and of modules beside it."""
        others = [planted(text, f"opsdash_x.module_{place}") for place, text in enumerate(texts)]
        crossing = Crossing([planted(REPOSITORY, "opsdash_x.repository"), *others])
        assert crossing.constants() == {("opsdash_x.repository", "_FIND_OF_ANY_ORG")}
        return crossing.findings(("opsdash_x.repository", "_FIND_OF_ANY_ORG"))

    @pytest.mark.parametrize("user", [IMPORTED, HANDED_ON, METHODS, ROUTE])
    def test_work_without_a_person_may(self, user: str):
        assert self.findings(user) == []

    @pytest.mark.parametrize("user", [IMPORTED, HANDED_ON, METHODS])
    def test_a_tenants_connection_may_not(self, user: str):
        assert self.findings(user.replace("worker_", "tenant_"))

    def test_nobody_may_without_saying_so(self):
        assert self.findings() == ["opsdash_x.repository: find is run by nobody that says `worker`"]
        assert self.findings(IMPORTED.replace("worker_", "")) == [
            "opsdash_x.module_0: job is run by nobody that says `worker`"
        ]

    def test_a_person_may_not_even_as_the_worker(self):
        route = ROUTE.replace('opt={"authentication": Services(("comments",))}', "opt={}")
        assert self.findings(route) == ["opsdash_x.module_0: a person may call answer"]
        assert self.findings(ROUTE, route) == ["opsdash_x.module_1: a person may call answer"]
