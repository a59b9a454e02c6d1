"""Every manifest is valid, and holds to the rules that keep the services safe and available."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from opsdash_chassis.settings import DatabaseSettings, load_settings

from tests.deploy.test_compose import SERVES
from tests.support.repository import OVERLAYS, Manifest, named, of_kind, pods, rendered

BOTH = pytest.mark.parametrize("overlay", OVERLAYS)
PODS = [(overlay, name, template) for overlay in OVERLAYS for name, template in pods(overlay)]
EACH_POD = pytest.mark.parametrize(("overlay", "name", "template"), PODS, ids=[f"{o}-{n}" for o, n, _ in PODS])
OPERATORS = (
    "kafka.strimzi.io/",
    "postgresql.cnpg.io/",
    "barmancloud.cnpg.io/",
    "monitoring.coreos.com/",
    "gateway.networking.k8s.io/",
)
SECRET = "Xk8sT2yUo5iEw7rAa1dFg4hKl9zXc6v"


def test_every_object_of_kubernetes_itself_is_valid() -> None:
    own = [m for overlay in OVERLAYS for m in rendered(overlay) if not m["apiVersion"].startswith(OPERATORS)]
    assert len(own) > 60
    for manifest in own:
        kubernetes_validate.validate(manifest, "1.37", strict=True)


@BOTH
def test_no_name_is_used_twice_and_all_are_in_our_namespace(overlay: str) -> None:
    names = Counter((m["apiVersion"], m["kind"], m["metadata"]["name"]) for m in rendered(overlay))
    assert [name for name, count in names.items() if count > 1] == []
    assert {m["metadata"].get("namespace") for m in rendered(overlay) if m["kind"] != "Namespace"} == {"opsdash"}


@pytest.mark.parametrize(("overlay", "image"), [("local", "local-gateway"), ("production", "gateway")])
def test_only_the_test_cluster_has_the_image_with_the_development_issuer(overlay: str, image: str) -> None:
    images = {container["image"] for _, pod in pods(overlay) for container in pod["spec"]["containers"]}
    found = {re.split("[:@]", one.rpartition("/")[2])[0] for one in images}
    assert {one for one in found if "gateway" in one} == {image}


@EACH_POD
class TestEveryPod:
    def test_it_is_no_root_and_may_do_nothing_it_need_not(self, overlay: str, name: str, template: Manifest):
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["runAsUser"] >= 10_000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert container["resources"]["limits"]["memory"]

    def test_its_secrets_are_files(self, overlay: str, name: str, template: Manifest):
        mounted = {volume["name"] for volume in template["spec"]["volumes"] if "secret" in volume}
        for container in template["spec"]["containers"]:
            for variable in container.get("env", []):
                assert "valueFrom" not in variable
                if variable["value"].startswith("/run/opsdash/"):
                    assert variable["value"].split("/")[3] in mounted
                else:
                    assert not variable["name"].endswith(("PASSWORD", "TOKEN", "SECRET", "DATABASE_URL"))
            assert not [word for word in container["args"] if "secret" in word.lower()]

    def test_its_image_is_ours_and_pinned(self, overlay: str, name: str, template: Manifest):
        for container in template["spec"]["containers"]:
            assert "opsdash/" in container["image"]
            assert ("@sha256:" in container["image"]) == (overlay == "production")


@BOTH
@pytest.mark.parametrize("name", SERVES)
class TestEveryService:
    def test_three_probes_ask_the_operations_port(self, overlay: str, name: str):
        (container,) = named(overlay, "Deployment", name)["spec"]["template"]["spec"]["containers"]
        paths = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
        assert {probe["port"] for probe in paths.values()} == {"operations"}
        assert (paths["liveness"]["path"], paths["readiness"]["path"]) == ("/livez", "/readyz")
        startup = container["startupProbe"]
        wait = DatabaseSettings.model_fields["database_start_timeout_seconds"].default
        assert startup["failureThreshold"] * startup["periodSeconds"] >= wait + 10, "the wait for a database, a margin"

    def test_it_stops_within_the_time_it_is_given(self, overlay: str, name: str):
        spec = named(overlay, "Deployment", name)["spec"]["template"]["spec"]
        pause = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pause == 5
        assert spec["terminationGracePeriodSeconds"] >= pause + 25 + 15

    def test_two_replicas_are_spread_and_one_may_be_away(self, overlay: str, name: str):
        scaler = named(overlay, "HorizontalPodAutoscaler", name)["spec"]
        assert scaler["minReplicas"] >= (2 if overlay == "production" else 1)
        assert named(overlay, "PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1
        template = named(overlay, "Deployment", name)["spec"]["template"]
        keys = {one["topologyKey"] for one in template["spec"]["topologySpreadConstraints"]}
        assert keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
        labels = template["metadata"]["labels"]
        for kind in ("Service", "PodDisruptionBudget"):
            selector = named(overlay, kind, name)["spec"]["selector"]
            assert (selector.get("matchLabels") or selector).items() <= labels.items()

    def test_its_settings_are_accepted(self, overlay: str, name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch):
        environment = environment_of(overlay, named(overlay, "Deployment", name)["spec"]["template"]["spec"])
        for number, (key, value) in enumerate(environment.items()):
            if value.startswith("/run/opsdash/") and not key.endswith(("CA_FILE", "ISSUER_KEY_FILE", "PEOPLE_FILE")):
                file = tmp_path / key
                file.write_text(f"postgresql://{key}" if "DATABASE" in key else f"{SECRET}{number}")
                environment[key] = str(file)
            monkeypatch.setenv(key, environment[key])
        settings = load_settings(SERVES[name], environment)
        scaler = named(overlay, "HorizontalPodAutoscaler", name)["spec"]
        if name != "gateway":
            replicas = settings.database_maximum_replicas
            assert replicas == scaler["maxReplicas"]
            parameters = named(overlay, "Cluster", f"{name}-db")["spec"]["postgresql"]["parameters"]
            assert settings.database_connections * (replicas + 1) < int(parameters["max_connections"]), (
                "also during a rollout"
            )


def made_secrets(folder: Path) -> str:
    """What `opsdash secrets --kubernetes` prints."""
    command = [Path(sys.executable).with_name("opsdash"), "secrets", "--folder", folder, "--kubernetes"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def mounted_secrets() -> set[str]:
    """Those that pods of the test cluster mount, but for what Strimzi makes."""
    volumes = [volume for _, template in pods("local") for volume in template["spec"]["volumes"]]
    names = {volume["secret"]["secretName"] for volume in volumes if "secret" in volume}
    return {name for name in names if not name.startswith("opsdash-")}


def test_the_secrets_of_a_test_cluster_are_one_list_that_every_kubectl_reads(tmp_path: Path) -> None:
    made = json.loads(made_secrets(tmp_path))
    assert (made["apiVersion"], made["kind"]) == ("v1", "List")
    assert mounted_secrets() <= {secret["metadata"]["name"] for secret in made["items"]}
    for secret in made["items"]:
        kubernetes_validate.validate(secret, "1.37", strict=True)


def test_a_secret_that_was_replaced_is_printed_as_it_is_now(tmp_path: Path) -> None:
    made_secrets(tmp_path)
    (tmp_path / "cron_secret").write_text("another")
    (tmp_path / "tickets_token_from_gateway").write_text("a-new-one,an-old-one")
    (tmp_path / "tickets_app_url").write_text("postgresql://tickets_app:changed@postgres:5432/tickets")
    items = {secret["metadata"]["name"]: secret["stringData"] for secret in json.loads(made_secrets(tmp_path))["items"]}
    assert items["gateway-secrets"]["cron_secret"] == "another"
    assert items["tickets-internal"]["token_from_gateway"] == "a-new-one,an-old-one"
    assert items["tickets-app"]["password"] == "changed"
    assert items["tickets-app"]["url"] == "postgresql://tickets_app:changed@tickets-db-rw:5432/tickets?sslmode=require"


def environment_of(overlay: str, spec: Manifest) -> dict[str, str]:
    (container,) = spec["containers"]
    environment: dict[str, str] = {}
    for source in container.get("envFrom", []):
        environment |= named(overlay, "ConfigMap", source["configMapRef"]["name"])["data"]
    return environment | {variable["name"]: variable["value"] for variable in container["env"]}


@BOTH
class TestJobs:
    def test_the_cron_job_never_overlaps_and_never_stops_for_good(self, overlay: str):
        (job,) = of_kind(overlay, "CronJob")
        spec = job["spec"]
        assert (spec["schedule"], spec["timeZone"]) == ("*/5 * * * *", "Etc/UTC")
        assert spec["concurrencyPolicy"] == "Forbid"
        assert spec["startingDeadlineSeconds"] == 120
        assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] < 5 * 60
        assert spec["jobTemplate"]["spec"]["backoffLimit"] <= 2
        (container,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        assert container["args"] == ["cron"]

    def test_topics_and_every_schema_are_prepared_by_a_job(self, overlay: str):
        names = {job["metadata"]["name"] for job in of_kind(overlay, "Job")}
        assert names == {"topics", *(f"migrate-{name}" for name in SERVES if name != "gateway")}
        assert all(job["spec"]["backoffLimit"] <= 4 for job in of_kind(overlay, "Job"))


def test_every_database_of_production_is_archived_and_backed_up() -> None:
    clusters = {cluster["metadata"]["name"]: cluster["spec"] for cluster in of_kind("production", "Cluster")}
    assert clusters.keys() == {f"{name}-db" for name in SERVES if name != "gateway"}
    (store,) = of_kind("production", "ObjectStore")
    for spec in clusters.values():
        assert (spec["instances"], spec["postgresql"]["synchronous"]) == (3, {"method": "any", "number": 1})
        (plugin,) = spec["plugins"]
        assert plugin["isWALArchiver"]
        assert plugin["parameters"] == {"barmanObjectName": store["metadata"]["name"]}
    backed_up = {backup["spec"]["cluster"]["name"] for backup in of_kind("production", "ScheduledBackup")}
    assert backed_up == clusters.keys()


class TestNetwork:
    def reaches(self, target: str) -> set[str]:
        """Names of pods that a policy lets in to the pods of that name on the port for requests."""
        found: set[str] = set()
        for policy in of_kind("production", "NetworkPolicy"):
            if policy["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name") != target:
                continue
            for rule in policy["spec"].get("ingress", []):
                labels = [peer.get("podSelector", {}).get("matchLabels", {}) for peer in rule["from"]]
                found |= {label["app.kubernetes.io/name"] for label in labels if label}
        return found

    @BOTH
    def test_everything_is_denied_first(self, overlay: str):
        policy = named(overlay, "NetworkPolicy", "default-deny")["spec"]
        assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

    def test_services_are_reached_by_those_that_ask_them(self):
        assert self.reaches("tickets") == {"gateway", "comments", "notifications", "sla-monitor"}
        assert self.reaches("comments") == {"gateway", "notifications"}
        assert all(self.reaches(name) == {"gateway"} for name in ("notifications", "sla-monitor"))
        assert self.reaches("gateway") == {"sla-breaches"}

    @pytest.mark.parametrize("name", [name for name in SERVES if name != "gateway"])
    def test_a_database_is_reached_by_its_owner_only(self, name: str):
        rules = named("production", "NetworkPolicy", f"{name}-db")["spec"]["ingress"]
        peers = [peer["podSelector"]["matchLabels"] for rule in rules for peer in rule["from"] if "podSelector" in peer]
        others = [peer for peer in peers if peer != {"cnpg.io/cluster": f"{name}-db"}]
        assert others == [{"app.kubernetes.io/name": name}]

    def test_the_cron_job_reaches_the_gateway_only(self):
        (rule,) = named("production", "NetworkPolicy", "sla-breaches")["spec"]["egress"]
        (peer,) = rule["to"]
        assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "gateway"
