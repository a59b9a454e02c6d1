"""The component that lets an overlay send to chats: its settings are the service's, beside those of mails too."""

from __future__ import annotations

import shutil
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from deploy.k8s import render
from tests.deploy.test_mail_component import named
from tests.support.repository import loaded

pytestmark = pytest.mark.needs("kustomize")


@pytest.fixture(params=["../../components/chat", "../../components/mail, ../../components/chat"], ids=["alone", "mail"])
def made(tmp_path: Path, request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Production's overlay with the line that the page tells to add."""
    shutil.copytree(render.DEPLOY, tmp_path / "deploy")
    overlay = tmp_path / "deploy/k8s/overlays/production"
    with (overlay / "kustomization.yaml").open("a", encoding="utf-8") as file:
        file.write(f"components: [{request.param}]\n")
    command = [*render.renderer(), str(overlay)]
    return list(loaded(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def test_the_secret_is_a_mounted_file_and_the_public_address_is_named(made: list[dict[str, Any]]):
    pod = named(made, "Deployment", "notifications")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {variable["name"]: variable for variable in container["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    (volume,) = (volume for volume in pod["volumes"] if volume["name"] == "channels")
    assert volume["secret"]["secretName"] == "notifications-channels"
    assert variables["OPSDASH_CHANNEL_SECRET_FILE"]["value"] == f"{mounts['channels']}/channel_secret"
    reference = variables["OPSDASH_PUBLIC_URL"]["valueFrom"]["configMapKeyRef"]
    address = named(made, "ConfigMap", reference["name"])["data"][reference["key"]]
    assert address.startswith("https://")


def test_its_policy_lets_the_internet_pass_and_no_private_network(made: list[dict[str, Any]]):
    policy = named(made, "NetworkPolicy", "notifications-to-chats")["spec"]
    pods = named(made, "Deployment", "notifications")["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= pods.items()
    (rule,) = policy["egress"]
    blocks = [block["ipBlock"] for block in rule["to"]]
    for text, passes in (
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.1.2.3", False), ("192.168.1.1", False),
        ("172.20.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("fd00::1", False),
    ):  # fmt: skip
        address = ip_address(text)
        found = any(
            address in ip_network(block["cidr"])
            and not any(address in ip_network(each) for each in block.get("except", []))
            for block in blocks
        )
        assert found == passes, text
    assert {(port["port"], port.get("endPort")) for port in rule["ports"]} == {(443, None), (1024, 65535)}
