"""The jobs that prepare a service: database and roles, then the schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from opsdash_comments.settings import REVISION
from opsdash_local.environment import inherited
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from tests.support import service_process

ROLES = {"OPSDASH_DATABASE_OWNER_URL": "owner", "OPSDASH_DATABASE_URL": "app", "OPSDASH_DATABASE_WORKER_URL": "worker"}


def run(module: str, *command: str, **settings: str) -> tuple[int, str]:
    done = service_process.run(module, *command, env=inherited() | settings)
    return done.returncode, done.stdout + done.stderr


def text_of(file: str) -> str:
    return Path(file).read_text().strip()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """Roles belong to a whole server: this one is not shared with tests that use the same names."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("jobs"), free_port(), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def as_files(own_server: EmbeddedPostgres, tmp_path: Path) -> dict[str, str]:
    """Every URL as a mounted file, passwords with characters that a URL has to escape."""
    server = urlsplit(own_server.admin_url)
    urls = {"OPSDASH_DATABASE_ADMIN_URL": own_server.admin_url}
    for setting, role in ROLES.items():
        place = f"comments_{role}:p%40ss%2Fw%3Ard-{role}@{server.hostname}:{server.port}"
        urls[setting] = urlunsplit(server._replace(netloc=place, path="/comments", query="sslmode=prefer"))
    for setting, url in urls.items():
        (tmp_path / setting).write_text(f"{url}\n")
    return {f"{setting}_FILE": str(tmp_path / setting) for setting in urls}


class TestPreparing:
    async def test_provision_then_migrate_twice_lets_every_role_in(self, as_files: dict[str, str]):
        for _ in range(2):
            assert run("opsdash_comments", "provision", **as_files) == (
                0,
                "comments: the database and its roles are there\n",
            )
            code, output = run("opsdash_comments", "migrate", **as_files)
            assert (code, output.splitlines()[-1]) == (0, "comments: the database is up to date")
        for setting, role in ROLES.items():
            connection = await asyncpg.connect(text_of(as_files[f"{setting}_FILE"]))
            assert await connection.fetchval("SELECT current_user") == f"comments_{role}"
            assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
            await connection.close()

    def test_a_url_of_another_role_is_refused_without_showing_it(self, as_files: dict[str, str]):
        as_files["OPSDASH_DATABASE_URL_FILE"] = as_files["OPSDASH_DATABASE_OWNER_URL_FILE"]
        code, output = run("opsdash_comments", "provision", **as_files)
        assert code == 2
        assert output == (
            "configuration: OPSDASH_DATABASE_URL: must name the role comments_app, its password and the database"
            " comments\n"
        )

    def test_a_missing_owner_is_named(self):
        code, output = run("opsdash_comments", "migrate")
        assert (code, output) == (2, "configuration: OPSDASH_DATABASE_OWNER_URL: is missing\n")

    async def test_a_managed_servers_administrator_who_is_no_superuser_is_enough(
        self, own_server: EmbeddedPostgres, as_files: dict[str, str]
    ):
        connection = await asyncpg.connect(own_server.admin_url)
        await connection.execute("CREATE ROLE managed LOGIN CREATEROLE CREATEDB PASSWORD 'managed'")
        await connection.execute("GRANT CONNECT ON DATABASE postgres TO managed")
        await connection.close()
        server = urlsplit(own_server.admin_url)
        settings = {
            setting: text_of(as_files[f"{setting}_FILE"])
            .replace("comments_", "sla_monitor_")
            .replace("/comments?", "/sla_monitor?")
            for setting in ROLES
        }
        settings["OPSDASH_DATABASE_ADMIN_URL"] = urlunsplit(
            server._replace(netloc=f"managed:managed@{server.hostname}:{server.port}")
        )
        for _ in range(2):
            code, output = run("opsdash_sla_monitor", "provision", **settings)
            assert code == 0, output
            assert run("opsdash_sla_monitor", "migrate", **settings)[0] == 0

    async def test_a_database_of_a_newer_version_is_left_alone_and_the_ways_out_are_named(
        self, own_server: EmbeddedPostgres, as_files: dict[str, str]
    ):
        run("opsdash_comments", "provision", **as_files)
        run("opsdash_comments", "migrate", **as_files)
        connection = await asyncpg.connect(text_of(as_files["OPSDASH_DATABASE_OWNER_URL_FILE"]))
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        code, output = run("opsdash_comments", "migrate", **as_files)
        line = output.splitlines()[-1]
        assert code == 4
        assert line.startswith(
            f"comments: the database is at revision 9999 and this version knows revisions up to {REVISION}"
        )
        assert "without this job" in line
        assert "Traceback" not in output
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
        await connection.execute("UPDATE alembic_version SET version_num = $1", REVISION)
        await connection.close()
