"""The component that lets an overlay send mails: its settings are the service's, and its policy opens their port."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from opsdash_chassis.settings import load_settings
from opsdash_notifications.mail.smtp import SmtpTls
from opsdash_notifications.settings import NotificationsSettings

from deploy.k8s import render
from tests.support.repository import loaded

pytestmark = pytest.mark.needs("kustomize")

SECRET = "Xk8sT2yUo5iEw7rAa1dFg4hKl9zXc6v"
OWN = ("OPSDASH_SMTP_", "OPSDASH_MAIL_")


@pytest.fixture
def made(tmp_path: Path) -> list[dict[str, Any]]:
    """Production's overlay with the line that the page tells to add."""
    shutil.copytree(render.DEPLOY, tmp_path / "deploy")
    overlay = tmp_path / "deploy/k8s/overlays/production"
    with (overlay / "kustomization.yaml").open("a", encoding="utf-8") as file:
        file.write("components: [../../components/mail]\n")
    command = [*render.renderer(), str(overlay)]
    return list(loaded(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def named(made: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (found,) = (item for item in made if item["kind"] == kind and item["metadata"]["name"] == name)
    return found


def environment(made: list[dict[str, Any]]) -> dict[str, str]:
    (container,) = named(made, "Deployment", "notifications")["spec"]["template"]["spec"]["containers"]
    found: dict[str, str] = {}
    for source in container["envFrom"]:
        found |= named(made, "ConfigMap", source["configMapRef"]["name"])["data"]
    return found | {variable["name"]: variable["value"] for variable in container["env"]}


class TestMails:
    def test_the_service_accepts_what_the_component_sets(self, made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        found = environment(made)
        for number, (key, value) in enumerate(found.items()):
            if value.startswith("/run/opsdash/") and not key.endswith("CA_FILE"):
                file = tmp_path / key
                file.write_text(f"postgresql://{key}" if "DATABASE" in key else f"{SECRET}{number}")
                found[key] = str(file)
            monkeypatch.setenv(key, found[key])
        settings = load_settings(NotificationsSettings, found)
        assert settings.smtp_host is not None
        assert settings.smtp_tls is SmtpTls.STARTTLS
        assert settings.smtp_password is not None
        policy = named(made, "NetworkPolicy", "notifications-to-mail")
        ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
        assert settings.smtp_port in ports
        pods = named(made, "Deployment", "notifications")["spec"]["template"]["metadata"]["labels"]
        assert policy["spec"]["podSelector"]["matchLabels"].items() <= pods.items()

    def test_its_secrets_are_mounted_files(self, made):
        pod = named(made, "Deployment", "notifications")["spec"]["template"]["spec"]
        mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        (volume,) = (volume for volume in pod["volumes"] if volume["name"] == "mail")
        assert volume["secret"]["secretName"] == "notifications-mail"
        files = [value for key, value in environment(made).items() if key.startswith(OWN) and key.endswith("_FILE")]
        assert len(files) == 2
        assert all(file.startswith(f"{mounts['mail']}/") for file in files)
