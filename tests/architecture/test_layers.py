"""The layers inside a service: routes use services, those repositories, those the domain; never the other way."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from tests.architecture.layers import Import, Layers
from tests.architecture.sources import HTTP, LIBRARIES, SERVICES, SERVICES_WITH_DATABASE, looked_at, modules, planted

T, C, G, S = "opsdash_tickets", "opsdash_comments", "opsdash_gateway", "opsdash_sla_monitor"
N = "opsdash_notifications"
#: Below routes, with the reason. Each entry goes when its import does.
MAY_USE_HTTP = {
    # A request's way into the domain.
    *((scope, f"{HTTP}.types") for scope in (f"{T}.access.scope", f"{C}.threads.scope", f"{N}.tickets.scope")),
    # Which problem a refusal becomes.
    *(
        (f"{owner}.problems", f"{HTTP}.{name}")
        for owner in (T, C, N)
        for name in ("errors.exceptions", "errors.problems")
    ),
    (f"{T}.tickets.schemas", f"{HTTP}.errors.problems"),
    # Exports are answers that are long under way.
    (f"{T}.access.exports", f"{HTTP}.asgi"),
    (f"{T}.access.exports", f"{HTTP}.requests.request_limits"),
    (f"{T}.access.exports", f"{HTTP}.limits.seats"),
    # Clients of other services read answers of a bounded length.
    (f"{C}.threads.tickets_client", f"{HTTP}.client.internal_client"),
    (f"{S}.deadlines.tickets_client", f"{HTTP}.client.bounded_body"),
    (f"{N}.tickets.tickets_client", f"{HTTP}.client.internal_client"),
    # What people typed is connected to by one function, and kept encrypted by another.
    *((f"{N}.{name}", f"{HTTP}.client.typed_address") for name in ("chat.address", "chat.attempt", "chat.client")),
    (f"{N}.team_channels.setup", f"{HTTP}.client.typed_address"),
    *(
        (f"{N}.{name}", f"{HTTP}.security.encryption")
        for name in ("announcements.worker", "chat.address", "team_channels.setup")
    ),
    (f"{N}.comments.comments_client", f"{HTTP}.client.internal_client"),
}
#: Rooms that know few others.
MAY_USE_ROOMS = {f"{T}.tickets": {f"{T}.access", f"{T}.names", f"{T}.plate_usage"}}
#: Modules below routes that take something else from a module which also has routes.
MAY_USE_ROUTES: set[Import] = set()
#: Imports that close a circle, of modules or of rooms.
CLOSES_A_CIRCLE: set[Import] = set()


def layers(package: str) -> Layers:
    found = Layers(modules(package))
    looked_at("modules", package, len(found))
    return found


def of(package: str, allowed: Collection[Import]) -> set[Import]:
    return {pair for pair in allowed if pair[0].split(".")[0] == package}


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_only_routes_know_http(service: str):
    """The gateway is not asked: it is HTTP all through, and has no domain of its own to keep free of it."""
    assert layers(service).of_http() == of(service, MAY_USE_HTTP)


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_only_routes_and_what_makes_their_answers_know_bodies(service: str):
    found = layers(service)
    looked_at("modules with bodies", service, len(found.bodies))
    assert found.of_bodies() == set()


@pytest.mark.parametrize("room", MAY_USE_ROOMS)
def test_a_room_knows_no_more_rooms_than_it_may(room: str):
    assert layers(room.partition(".")[0]).rooms_below(room) == MAY_USE_ROOMS[room]


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_below_them_knows_routes(service: str):
    assert layers(service).of_routes() == of(service, MAY_USE_ROUTES)


@pytest.mark.parametrize("service", SERVICES)
def test_sql_is_in_repositories_only(service: str):
    """Not where requests are answered, events handled or the application is put together."""
    found = layers(service)
    looked_at("repositories", service, len(found.repositories))
    assert found.sql_at_the_edge() == set()
    assert found.repositories == set() or service in SERVICES_WITH_DATABASE


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_a_repository_knows_values_and_rules_only(service: str):
    """What it imports of its service, other repositories aside, reads no clock, file, network or database.

    It runs in the transaction it is given.
    """
    found = layers(service)
    assert found.repositories_that_begin() == set()
    looked_at("domain modules", service, len(found.domain()))
    assert found.impure() == set()


@pytest.mark.parametrize("service", SERVICES)
def test_who_makes_events_knows_no_repository(service: str):
    found = layers(service)
    looked_at("modules that make events", service, len(found.events()))
    assert found.events_with_more() == set()


@pytest.mark.parametrize("package", [*LIBRARIES, *SERVICES])
def test_no_modules_import_each_other_in_a_circle(package: str):
    assert layers(package).circle(CLOSES_A_CIRCLE) == []


@pytest.mark.parametrize("package", [*LIBRARIES, *SERVICES])
def test_no_rooms_import_each_other_in_a_circle(package: str):
    found = layers(package)
    looked_at("rooms", package, len(found.rooms))
    assert found.circle_of_rooms(CLOSES_A_CIRCLE) == []


def test_every_import_that_is_named_as_closing_a_circle_closes_one():
    for pair in CLOSES_A_CIRCLE:
        found, others = Layers(modules(pair[0].split(".")[0])), CLOSES_A_CIRCLE - {pair}
        assert found.circle(others) or found.circle_of_rooms(others), pair


@pytest.mark.parametrize("service", SERVICES)
def test_no_room_knows_what_composes_it(service: str):
    assert layers(service).upwards() == set()


ROUTE = "from litestar import get\n@get('/')\nasync def answer(): ..."
SQL = "FIND = 'SELECT * FROM tickets WHERE org_id = $1'"


def service(**texts: str) -> Layers:
    """A service of modules by their names below it; `__` is a dot."""
    return Layers([planted(text, f"opsdash_x.{name.replace('__', '.')}") for name, text in texts.items()])


class TestMistakesAreSeen:
    @pytest.mark.parametrize(
        "text",
        [
            "from opsdash_x.api import answer",
            "from opsdash_x import api",
            "def f():\n    import opsdash_x.api",
            "from . import api",
        ],
    )
    def test_of_routes(self, text: str):
        assert service(api=ROUTE, use_cases=text).of_routes() == {("opsdash_x.use_cases", "opsdash_x.api")}
        assert service(api=ROUTE, other=f"{ROUTE}\n{text}").of_routes() == set()

    @pytest.mark.parametrize(
        "text",
        [
            "from litestar.handlers import get as reads\n@reads('/')\ndef f(): ...",
            "import litestar\n@litestar.post('/')\ndef f(): ...",
            "from litestar import Controller\nclass A(Controller): ...",
            "from litestar import Router\nROUTES = Router('/', route_handlers=[])",
            "from litestar.handlers import HTTPRouteHandler\nfrom x import y\nROUTES: list[HTTPRouteHandler] = [y]",
        ],
    )
    def test_of_whatever_makes_a_module_one_of_routes(self, text: str):
        assert service(anything=text, use_cases="import opsdash_x.anything").of_routes()

    def test_of_http(self):
        text = "from opsdash_http.errors.problems import Problem"
        assert service(use_cases=text).of_http() == {("opsdash_x.use_cases", "opsdash_http.errors.problems")}
        assert service(use_cases="import opsdash_http").of_http()
        assert service(consumers=f"{text}\ndef f(consumers): consumers.subscribe('t', {{}})").of_http() == set()

    @pytest.mark.parametrize("name", ["service", "repository", "model", "events"])
    def test_of_bodies_below_routes(self, name: str):
        """By what is or uses a repository or makes events, or through what only routes may use."""
        bodies = {
            "room__schemas": "import msgspec\nclass A(msgspec.Struct): ...",
            "room__repository": SQL,
            "room__routes": f"{ROUTE}\nimport opsdash_x.room.pages\nimport opsdash_x.room.schemas",
        }
        knows = "import opsdash_x.room.schemas"
        pages = bodies | {"room__pages": knows}
        assert service(**pages).of_bodies() == set()
        more = {"repository": SQL, "events": "def made() -> Event[X]: ..."}.get(
            name, "import opsdash_x.room.repository"
        )
        found = service(**bodies | {f"room__{name}": f"{knows}\n{more}"}).of_bodies()
        assert found == {(f"opsdash_x.room.{name}", "opsdash_x.room.schemas")}
        found = service(**pages | {f"room__{name}": "from opsdash_x.room import pages"}).of_bodies()
        assert found == {(f"opsdash_x.room.{name}", "opsdash_x.room.pages")}

    def test_of_sql_among_the_handlers_of_a_room(self):
        head = "from opsdash_chassis.consuming.handler import BatchHandler"
        text = f"{head}\n{SQL}\nHANDLERS: dict[str, BatchHandler] = {{}}"
        assert service(room__consumers=text).sql_at_the_edge() == {"opsdash_x.room.consumers"}

    @pytest.mark.parametrize(
        "text", ["import msgspec\nclass A(msgspec.Struct): ...", "from opsdash_x.base import B\nclass A(B): ..."]
    )
    def test_of_bodies_told_by_what_they_are(self, text: str):
        base = "from msgspec import Struct\nclass B(Struct): ..."
        repository = f"from opsdash_x.shapes import A\n{SQL}"
        answering = service(base=base, shapes=text, repository=repository, api=f"{ROUTE}\nimport opsdash_x.shapes")
        assert answering.of_bodies() == {("opsdash_x.repository", "opsdash_x.shapes")}
        assert service(base=base, shapes=text, repository=repository, api=ROUTE).of_bodies() == set()

    @pytest.mark.parametrize(
        "text", [SQL, "def f(c): c.execute('DELETE FROM tickets')", "def f(x): return f'SELECT {x} FROM tickets'"]
    )
    def test_of_sql_in_routes(self, text: str):
        assert service(api=f"{ROUTE}\n{text}").sql_at_the_edge() == {"opsdash_x.api"}
        assert service(repository=text).sql_at_the_edge() == set()

    @pytest.mark.parametrize(
        "text", ["import time", "import asyncpg", "from opsdash_x import repository", "from opsdash_x.b import c"]
    )
    def test_of_a_repository_that_knows_more(self, text: str):
        """Directly, and through a module between."""
        found = service(repository=f"{SQL}\nfrom opsdash_x import a", a=text, b="import time")
        assert {name for name, _ in found.impure()} == {"opsdash_x.a"}

    @pytest.mark.parametrize("call", ["db.worker_transaction()", "worker_unit_of_work(db)", "db.tenant_change(1)"])
    def test_of_a_repository_that_begins(self, call: str):
        assert service(a=f"{SQL}\nasync def f(db):\n    async with {call}: ...").repositories_that_begin()
        assert service(a=SQL, b=f"def f(db): {call}").repositories_that_begin() == set()

    def test_of_events_that_know_more(self):
        events = "def created() -> Event[X]: ...\nfrom opsdash_x import between"
        found = service(events=events, between="import opsdash_x.repository", repository=SQL)
        assert found.events_with_more() == {("opsdash_x.events", "opsdash_x.repository")}
        assert service(events=f"{events}\n{SQL}").events_with_more()
        assert service(events=events, between="", repository=SQL).events_with_more() == set()

    def test_of_modules_in_a_circle(self):
        assert service(a="import opsdash_x.b", b="from opsdash_x import c", c="def f():\n    from . import a").circle()
        assert service(a="import opsdash_x.b", b="import opsdash_x.c", c="").circle() == []

    def test_of_rooms_in_a_circle(self):
        rooms = {
            "a__one": "from opsdash_x.b import one",
            "a__two": "",
            "b__one": "",
            "b__two": "import opsdash_x.a.two",
        }
        assert service(**rooms).circle() == []
        assert service(**rooms).circle_of_rooms()
        assert service(
            **{f"web__{name}": text.replace("x.", "x.web.") for name, text in rooms.items()}
        ).circle_of_rooms()
        assert service(**rooms | {"b__two": ""}).circle_of_rooms() == []

    @pytest.mark.parametrize("text", ["from opsdash_x.b.deep import c", "from opsdash_x import b"])
    def test_of_another_room(self, text: str):
        found = service(errors="", a__one=text, a__two="import opsdash_x.a.one, opsdash_x.errors", b="", b__deep__c="")
        assert found.rooms_below("opsdash_x.a") == {"opsdash_x.b"}
        assert found.rooms_below("opsdash_x.b") == set()

    def test_of_a_room_that_knows_what_composes_it(self):
        app = "def f(): create_app()"
        found = service(app=app, room__a="from opsdash_x import app", room__deep__b="import opsdash_x.app")
        assert {name for name, _ in found.upwards()} == {"opsdash_x.room.a", "opsdash_x.room.deep.b"}
        assert service(errors="", room__a="from opsdash_x import errors").upwards() == set()
