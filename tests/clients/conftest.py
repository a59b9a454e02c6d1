"""Fixtures of the clients' tests: one stack, one org with some tickets, and a Keycloak server.

It runs on Apache Kafka where Java is there, for the clients of Kafka.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.settings import APACHE, EMBEDDED

from tests.browser.console import Console, running_console
from tests.browser.people import COLLEAGUE, CONTACTS, MEMBER, PROJECTS, OrgUnderTest
from tests.clients import generators
from tests.clients.generators import DEPENDENCIES, JAVA, MAVEN, MISSING, run
from tests.support.databases import ServiceDatabase
from tests.support.measurements import eventually

REALM, CLIENT = "opsdash", "opsdash-console"
PERSON_ID = "5b0f3c1e-7d7a-4b52-9a3f-2f6f0f1f7a02"
USERNAME, PASSWORD = "ada", "a-password-of-ada"
_ADMIN, _ADMIN_PASSWORD = "admin", "a-password-of-the-admin"
_START_SECONDS = 240.0
_STOP_SECONDS = 30.0
#: It lives for a minute: quick to start is what counts.
_JAVA_OPTIONS = "-XX:TieredStopAtLevel=1"


def unpacked(folder: Path) -> Path:
    """The distribution, whose archive Maven keeps."""
    artifact = f"org.keycloak:keycloak-quarkus-dist:{generators.KEYCLOAK}:zip"
    run(*MAVEN, f"{DEPENDENCIES}:copy", f"-Dartifact={artifact}", "-DoutputDirectory=.", folder=folder)
    (archive,) = folder.glob("*.zip")
    shutil.unpack_archive(archive, folder)
    archive.unlink()
    return folder / f"keycloak-{generators.KEYCLOAK}"


@dataclass
class Keycloak:
    """A running one."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/{REALM}"

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/protocol/openid-connect/certs"

    def start(self, gateway_url: str) -> None:
        """With the realm beside this file, whose client is the gateway at that address."""
        realm = Path(__file__).with_name("keycloak").joinpath("realm.json").read_text(encoding="utf-8")
        (self.home / "data/import").mkdir(parents=True)
        (self.home / "data/import/realm.json").write_text(realm.replace("@GATEWAY@", gateway_url), encoding="utf-8")
        command = ["bash", "bin/kc.sh", "start-dev", "--import-realm", f"--http-port={self.port}"]
        admin = {"KC_BOOTSTRAP_ADMIN_USERNAME": _ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": _ADMIN_PASSWORD}
        with (self.home / "keycloak.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--http-host=127.0.0.1"],
                cwd=self.home,
                env={**os.environ, **admin, "JAVA_OPTS_APPEND": _JAVA_OPTIONS},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def ready(self) -> None:
        await eventually(self._answers, timeout=_START_SECONDS)

    def stop(self) -> None:
        """With whatever its script started."""
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    async def end_session(self, session: str) -> None:
        """What an admin does with one of a person's sessions."""
        await self._admin("DELETE", f"sessions/{session}")

    async def end_all_sessions(self) -> None:
        """… and with all of them."""
        await self._admin("POST", f"users/{PERSON_ID}/logout")

    async def name_sessions_in_logout_tokens(self, *, named: bool) -> None:
        (client,) = await self._admin("GET", f"clients?clientId={CLIENT}")
        client["attributes"]["backchannel.logout.session.required"] = str(named).lower()
        await self._admin("PUT", f"clients/{client['id']}", client)

    async def rotate_keys(self) -> None:
        """A new signing key; the old one is gone, as after a leak."""
        old = await self._admin("GET", "components?type=org.keycloak.keys.KeyProvider")
        config = {"priority": ["500"], "enabled": ["true"], "active": ["true"], "keySize": ["2048"]}
        kind = {"providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider"}
        await self._admin("POST", "components", {"name": "rotated", "config": config, **kind})
        for component in old:
            if component["providerId"] == "rsa-generated":
                await self._admin("DELETE", f"components/{component['id']}")

    async def _answers(self) -> bool:
        assert self.process is not None
        log = self.home / "keycloak.log"
        assert self.process.poll() is None, f"Keycloak has ended:\n{log.read_text(errors='replace')[-4000:]}"
        try:
            async with aiohttp.ClientSession() as http, http.get(self.jwks_url) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def _admin(self, method: str, path: str, body: Any = None) -> Any:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": _ADMIN, "password": _ADMIN_PASSWORD}
        async with aiohttp.ClientSession() as http:
            token = f"{self.url}/realms/master/protocol/openid-connect/token"
            async with http.post(token, data=form) as answer:
                answer.raise_for_status()
                bearer = (await answer.json())["access_token"]
            headers = {"Authorization": f"Bearer {bearer}"}
            address = f"{self.url}/admin/realms/{REALM}/{path}"
            async with http.request(method, address, json=body, headers=headers) as answer:
                assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
                return await answer.json() if method == "GET" else None


HERE = Path(__file__).parent
#: The first time everything is downloaded.
TEST_SECONDS = 1200


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test-clients` runs them, not `make test`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.clients)
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@dataclass(frozen=True)
class Scene:
    """`watched` is a ticket with something in its ledger; `document` is what the gateway serves."""

    console: Console
    org: OrgUnderTest
    watched: dict[str, Any]
    document: Path

    async def environment(self) -> dict[str, str]:
        return {
            "OPSDASH_URL": self.console.url,
            "OPSDASH_TOKEN": await self.console.token(MEMBER),
            "OPSDASH_ORG": self.org.slug,
            "OPSDASH_TICKET": str(self.watched["number"]),
        }

    async def get(self, path: str) -> Any:
        return await self.console.as_(MEMBER, "GET", f"/api/orgs/{self.org.slug}/{path}")

    async def entries(self) -> list[str]:
        return [entry["kind"] for entry in (await self.get(f"tickets/{self.watched['number']}/sla"))["entries"]]


@pytest.fixture(scope="session")
async def scene(
    postgres_server: EmbeddedPostgres,
    templates: dict[str, ServiceDatabase],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("clients")
    kafka = EMBEDDED if MISSING[JAVA]() else APACHE
    async with running_console(postgres_server, templates, folder, kafka=kafka) as console:
        org = await console.new_org("clients")
        async with console.session.get(f"{console.url}/schema/openapi.json") as answer:
            (folder / "openapi.json").write_text(json.dumps(await answer.json(content_type=None)))
        everything = {
            "description": "It **smokes**.",
            "assignee_id": str(COLLEAGUE.user_id),
            "contact_id": org.known("contact", CONTACTS[0]),
            "project_id": org.known("project", PROJECTS[0]),
        }
        watched = await console.ticket(org, "With everything", **everything)
        await console.overdue_ticket(org)
        await console.ticket(org, "Finished", status="resolved")
        made = Scene(console, org, watched, folder / "openapi.json")
        await eventually(made.entries, bool)
        yield made
