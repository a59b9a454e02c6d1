"""One Keycloak in its development mode: fetched by Maven, unpacked, started with a realm, asked as its admin."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.clients import versions
from tests.clients.making import DEPENDENCIES, MAVEN
from tests.clients.tools import run
from tests.support.eventually import eventually

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
    artifact = f"org.keycloak:keycloak-quarkus-dist:{versions.KEYCLOAK}:zip"
    run(*MAVEN, f"{DEPENDENCIES}:copy", f"-Dartifact={artifact}", "-DoutputDirectory=.", folder=folder)
    (archive,) = folder.glob("*.zip")
    shutil.unpack_archive(archive, folder)
    archive.unlink()
    return folder / f"keycloak-{versions.KEYCLOAK}"


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
        realm = Path(__file__).with_name("realm.json").read_text(encoding="utf-8")
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
