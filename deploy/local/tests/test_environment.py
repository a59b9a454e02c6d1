"""What the services are told: stable secrets, own roles, nothing from the operator's shell."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from opsdash_chassis.settings import load_settings
from opsdash_local.environment import Environments, inherited
from opsdash_local.errors import LocalStackError
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import SERVICES, TICKETS
from opsdash_local.settings import StackSettings

from tests.support.services import local_settings_of

ADMIN = "postgresql://postgres:admin-password@127.0.0.1:8011/postgres"


def environments(tmp_path: Path, admin_url: str = ADMIN, **environ: str) -> Environments:
    settings = StackSettings.read(environ, tmp_path)
    return Environments(settings, SecretStore(tmp_path / "secrets.json"), admin_url)


class TestSecrets:
    def test_they_stay_the_same_and_are_private(self, tmp_path: Path) -> None:
        first = environments(tmp_path).of(TICKETS)
        assert environments(tmp_path).of(TICKETS) == first
        assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600

    def test_an_old_file_gets_the_names_it_lacks(self, tmp_path: Path) -> None:
        path = tmp_path / "secrets.json"
        path.write_text(json.dumps({"old": "kept"}))
        assert SecretStore(path).get("old") == "kept"
        new = SecretStore(path).get("new")
        assert SecretStore(path).get("new") == new
        assert len(new) >= 32

    def test_a_readable_file_is_made_private(self, tmp_path: Path) -> None:
        path = tmp_path / "secrets.json"
        path.write_text("{}")
        path.chmod(0o644)
        SecretStore(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_damaged_file_is_named_without_its_content(self, tmp_path: Path) -> None:
        path = tmp_path / "secrets.json"
        path.write_text("{'token': abc")
        with pytest.raises(LocalStackError, match=r"secrets\.json is damaged") as caught:
            SecretStore(path)
        assert "abc" not in str(caught.value)

    def test_every_secret_is_another_one(self, tmp_path: Path) -> None:
        built = environments(tmp_path)
        for service in SERVICES:
            built.of(service)
        values = json.loads((tmp_path / "secrets.json").read_text())
        assert len(set(values.values())) == len(values) >= 5


class TestServices:
    def test_the_services_accept_exactly_these_settings(self, tmp_path: Path) -> None:
        built = environments(tmp_path)
        for service in SERVICES:
            mine = {name: value for name, value in built.of(service).items() if name.startswith("OPSDASH_")}
            with pytest.MonkeyPatch.context() as patch:
                for name in [name for name in os.environ if name.startswith("OPSDASH_")]:
                    patch.delenv(name)
                for name, value in mine.items():
                    patch.setenv(name, value)
                load_settings(local_settings_of(service.name))

    def test_each_role_has_its_own_password_and_none_is_the_administrator(self, tmp_path: Path) -> None:
        built = environments(tmp_path)
        urls = [urlsplit(built.database_url(TICKETS, role)) for role in ("owner", "app", "worker")]
        assert [url.username for url in urls] == ["tickets_owner", "tickets_app", "tickets_worker"]
        assert len({url.password for url in urls} | {"admin-password"}) == 4
        assert {url.path for url in urls} == {"/tickets"}
        assert "OPSDASH_DATABASE_OWNER_URL" not in built.of(TICKETS)

    def test_the_operators_shell_does_not_leak_in(self) -> None:
        shell = {"OPSDASH_LOG_LEVEL": "DEBUG", "DATABASE_URL": ADMIN, "PATH": "/bin", "TZ": "UTC"}
        assert inherited(shell).keys() == {"PATH", "TZ", "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONIOENCODING"}

    def test_variables_of_postgresql_clients_are_for_a_server_of_the_operator_only(self) -> None:
        shell = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/etc/ca.pem"}
        assert not shell.keys() & inherited(shell).keys()
        assert shell.items() <= inherited(shell | {"DATABASE_URL": ADMIN}).items()

    def test_logs_are_utf_8_whatever_the_terminal_is(self) -> None:
        child = inherited({"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
        assert (child["PYTHONUTF8"], child["PYTHONIOENCODING"]) == ("1", "utf-8")

    def test_every_service_has_a_port_of_its_own(self) -> None:
        offsets = [service.port_offset for service in SERVICES]
        assert len(set(offsets)) == len(offsets)
        assert not {9, 10, 11, 12, 13} & set(offsets)


class TestOwnServers:
    def test_a_real_broker_gets_the_idempotent_producer(self, tmp_path: Path) -> None:
        built = environments(tmp_path, KAFKA_BOOTSTRAP_SERVERS="kafka:9092").of(TICKETS)
        assert built["OPSDASH_KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092"
        assert built["OPSDASH_KAFKA_IDEMPOTENT_PRODUCER"] == "true"

    def test_the_embedded_broker_does_not(self, tmp_path: Path) -> None:
        assert environments(tmp_path).of(TICKETS)["OPSDASH_KAFKA_IDEMPOTENT_PRODUCER"] == "false"

    def test_options_of_the_database_url_reach_every_role(self, tmp_path: Path) -> None:
        admin = "postgresql://admin:p%40ss@db.example:6432/postgres?sslmode=require"
        url = urlsplit(environments(tmp_path, admin).database_url(TICKETS, "app"))
        assert (url.hostname, url.port, url.path, url.query) == ("db.example", 6432, "/tickets", "sslmode=require")


class TestSettings:
    def test_every_port_follows_from_the_first(self, tmp_path: Path) -> None:
        ports = StackSettings.read({"PORT": "9000"}, tmp_path).ports
        assert (ports.gateway, ports.operations, ports.kafka, ports.postgres) == (9000, 9009, 9010, 9011)
        assert (ports.kafka_controller, ports.mail) == (9012, 9013)

    @pytest.mark.parametrize("port", ["abc", "0", "-1", "65530", "8000.5", "٨٠٠٠"])
    def test_a_port_that_is_none_is_refused(self, tmp_path: Path, port: str) -> None:
        with pytest.raises(LocalStackError, match="PORT must be a whole number from 1 to 65522"):
            StackSettings.read({"PORT": port}, tmp_path)

    @pytest.mark.parametrize(
        "url", ["mysql://a:secret-word@h/d", "postgresql://:secret-word@", "postgresql://h:secret-word/"]
    )
    def test_a_database_url_that_is_none_is_refused_without_showing_it(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(LocalStackError, match="DATABASE_URL must look like") as caught:
            StackSettings.read({"DATABASE_URL": url}, tmp_path)
        assert "secret-word" not in str(caught.value)
