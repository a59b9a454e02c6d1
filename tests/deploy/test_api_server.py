"""What a real API server says of the manifests, of the secrets, and of the commands of an upgrade.

The server and its etcd come from the folder KUBEBUILDER_ASSETS; nothing reconciles or runs pods. What the operators
call valid is in `crds`; what controllers would report of jobs and deployments, the tests report.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from opsdash_local.ports import free_port
from opsdash_local.processes import kill, spawn, wait_until

from tests.deploy.test_custom_resources import CRDS
from tests.deploy.test_kubernetes import made_secrets, mounted_secrets
from tests.support.repository import OVERLAYS, ROOT, blocks, pods, rendered

#: `make test-kubernetes` runs them, not `make test`.
pytestmark = [pytest.mark.cluster, pytest.mark.needs("kubernetes"), pytest.mark.timeout(600)]

TOKEN = "an-administrator-of-the-test-cluster"
START_SECONDS = 120.0
UPGRADE = "docs/how-to/upgrade.md"
NAMESPACE = ("--namespace", "opsdash")
REPORT_SECONDS = 0.2


@dataclass(frozen=True)
class Cluster:
    """What `kubectl` needs to find the server."""

    kubectl: Path
    config: Path

    def run(self, *arguments: str, given: str | None = None, fails: bool = False) -> str:
        """Output of kubectl, what it warns of included; it must succeed, or fail."""
        done = self.process(*arguments, given=given)
        assert (done.returncode != 0) == fails, f"kubectl {' '.join(arguments)}\n{done.stdout}"
        return done.stdout

    def process(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [self.kubectl, "--kubeconfig", self.config, "--cache-dir", self.config.parent / "cache", *arguments]
        return subprocess.run(
            command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )

    def get(self, *arguments: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self.run("get", *arguments, "--output", "json"))["items"]
        return items

    def report(self, item: dict[str, Any], status: dict[str, Any]) -> None:
        """The status of an object as its controller would write it."""
        kind, meta = item["kind"], item["metadata"]
        patch = json.dumps({"status": status})
        where = ("--namespace", meta["namespace"], kind.lower(), meta["name"])
        self.process("patch", *where, "--subresource", "status", "--type", "merge", "--patch", patch)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Empty but for the definitions of the operators."""
    with running(tmp_path) as server:
        server.run("apply", "--server-side", "--filename", str(CRDS))
        server.run("wait", "--for=condition=established", "customresourcedefinitions", "--all", "--timeout=60s")
        yield server


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    assets = Path(os.environ["KUBEBUILDER_ASSETS"])
    port, etcd_port, peer_port = free_port(), free_port(), free_port()
    store = spawn(_etcd(assets, folder, etcd_port, peer_port), log_file=folder / "etcd.log")
    server = spawn(_api_server(assets, folder, port, etcd_port), log_file=folder / "kube-apiserver.log")
    try:
        found = Cluster(assets / "kubectl", _config(folder, port))
        if not wait_until(lambda: found.process("get", "--raw", "/readyz").returncode == 0, timeout=START_SECONDS):
            raise AssertionError((folder / "kube-apiserver.log").read_text(encoding="utf-8")[-4000:])
        yield found
    finally:
        for child in (server, store):
            kill(child)


def _etcd(assets: Path, folder: Path, port: int, peer_port: int) -> list[str]:
    own, peers = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(assets / "etcd"), "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync",
        "--listen-client-urls", own, "--advertise-client-urls", own,
        "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}",
    ]  # fmt: skip


def _api_server(assets: Path, folder: Path, port: int, etcd_port: int) -> list[str]:
    tokens, key = folder / "tokens.csv", folder / "accounts.key"
    tokens.write_text(f"{TOKEN},admin,admin,system:masters\n", encoding="ascii")
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)  # noqa: S607
    return [
        str(assets / "kube-apiserver"), "--bind-address", "127.0.0.1", "--secure-port", str(port),
        "--cert-dir", str(folder / "certificates"), "--etcd-servers", f"http://127.0.0.1:{etcd_port}",
        "--token-auth-file", str(tokens), "--authorization-mode", "RBAC",
        "--service-account-issuer", "https://cluster.test", "--service-account-key-file", str(key),
        "--service-account-signing-key-file", str(key), "--service-cluster-ip-range", "10.96.0.0/16",
        # Nothing here makes the accounts that it would wait for.
        "--disable-admission-plugins", "ServiceAccount",
    ]  # fmt: skip


def _config(folder: Path, port: int) -> Path:
    file = folder / "kubeconfig"
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
    }
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def applied(cluster: Cluster, overlay: Path) -> None:
    cluster.run("apply", "--server-side", "--kustomize", str(overlay))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_accepted_without_a_warning(cluster: Cluster, overlay: str) -> None:
    said = cluster.run("apply", "--server-side", "--kustomize", str(ROOT / "deploy/k8s/overlays" / overlay))
    lines = said.splitlines()
    assert [line for line in lines if not line.endswith("serverside-applied")] == []
    assert len(lines) == len(rendered(overlay))
    for name, template in pods(overlay):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": template["metadata"]["labels"]}}
        cluster.run(*NAMESPACE, "create", "--filename", "-", given=json.dumps(pod | {"spec": template["spec"]}))
    careless = {"containers": [{"name": "any", "image": "any"}]}
    refused = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "refused"}, "spec": careless}
    said = cluster.run(*NAMESPACE, "create", "--filename", "-", given=json.dumps(refused), fails=True)
    assert 'violates PodSecurity "restricted' in said


def test_the_secrets_of_a_test_cluster_are_all_made(cluster: Cluster, tmp_path: Path) -> None:
    cluster.run("apply", "--filename", str(ROOT / "deploy/k8s/base/namespace.yaml"))
    cluster.run("apply", "--filename", "-", given=made_secrets(tmp_path / "secrets"))
    there = {secret["metadata"]["name"] for secret in cluster.get("secrets", *NAMESPACE)}
    assert mounted_secrets() <= there


class Controllers:
    """Reports of jobs that they are complete, and of deployments that they are rolled out, as soon as they are seen."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._ended.wait(REPORT_SECONDS):
            for item in self._cluster.get("jobs,deployments", *NAMESPACE):
                self._report(item)

    def _report(self, item: dict[str, Any]) -> None:
        generation = item["metadata"]["generation"]
        if item["kind"] == "Deployment" and item["status"].get("observedGeneration") != generation:
            counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
            self._cluster.report(item, {"observedGeneration": generation, **counts})
        if item["kind"] == "Job" and not item["status"].get("succeeded"):
            done = {"startTime": now(), "completionTime": now(), "succeeded": 1, "uncountedTerminatedPods": {}}
            conditions = [{"type": kind, "status": "True"} for kind in ("SuccessCriteriaMet", "Complete")]
            self._cluster.report(item, {**done, "conditions": conditions})

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._thread.join()


class Release:
    """The production overlay with images of one digest.

    `earlier`: as the manifests were before jobs had labels, with a setting that services no longer read.
    """

    def __init__(self, folder: Path, digit: str, *, earlier: bool = False) -> None:
        self.digest = f"sha256:{digit * 64}"
        shutil.copytree(ROOT / "deploy", folder / digit / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
        self.overlay = folder / digit / "deploy/k8s/overlays/production"
        file = self.overlay / "kustomization.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for image in content["images"]:
            image["digest"] = self.digest
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        if earlier:
            self._make_earlier()

    def _make_earlier(self) -> None:
        base = self.overlay.parents[1] / "base"
        for file in (*base.glob("jobs/*.yaml"), base / "patches/job.yaml"):
            lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
            file.write_text("".join(line for line in lines if not line.startswith("  labels:")), encoding="utf-8")
        for file in base.glob("services/*.yaml"):
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace("OPSDASH_DATABASE_MAXIMUM_REPLICAS", OLD_SETTING), encoding="utf-8")

    def commands_of(self, section: int, cluster: Cluster) -> None:
        """Run a block of the page, as it stands there."""
        names = {"KUBECONFIG": str(cluster.config), "OVERLAY": str(self.overlay), "HOME": str(cluster.config.parent)}
        path = f"{cluster.kubectl.parent}{os.pathsep}{os.environ['PATH']}"
        script = blocks(UPGRADE, "sh")[section]
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", script], env=names | {"PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"


EXPAND, DEPLOY, BACK = range(3)
OLD_SETTING = "OPSDASH_REPLICAS"


def digests(cluster: Cluster, kind: str) -> set[str]:
    found = cluster.get(kind, *NAMESPACE)
    return {
        container["image"].partition("@")[2]
        for item in found
        for container in item["spec"]["template"]["spec"]["containers"]
    }


def settings_of(cluster: Cluster) -> set[str]:
    """Names of the environment variables of everything that serves."""
    containers = [item["spec"]["template"]["spec"]["containers"][0] for item in cluster.get("deployments", *NAMESPACE)]
    return {variable["name"] for container in containers for variable in container["env"]}


def test_the_commands_of_an_upgrade_and_of_the_way_back(cluster: Cluster, tmp_path: Path) -> None:
    before, after = Release(tmp_path, "a", earlier=True), Release(tmp_path, "b")
    applied(cluster, before.overlay)
    said = cluster.run("apply", "--server-side", "--kustomize", str(after.overlay), "--dry-run=server", fails=True)
    assert "field is immutable" in said  # why the page deletes them first

    cluster.run(*NAMESPACE, "set", "image", "deployment/tickets", "service=registry.example.com/by-hand")
    with Controllers(cluster).at_work():
        after.commands_of(EXPAND, cluster)
        assert digests(cluster, "jobs") == {after.digest}
        assert after.digest not in digests(cluster, "deployments")
        after.commands_of(DEPLOY, cluster)
        assert digests(cluster, "deployments") == {after.digest}
        assert OLD_SETTING not in settings_of(cluster)
        before.commands_of(BACK, cluster)
    assert OLD_SETTING in settings_of(cluster)
    assert digests(cluster, "deployments") == {before.digest}
    assert digests(cluster, "jobs") == {after.digest}
