"""The whole stack in order: servers, roles, topics, migrations, services, replay, demo workspace."""

from __future__ import annotations

import json
import os
import sys

from opsdash_chassis.errors import EXIT_NEWER_DATABASE

from opsdash_local import preflight
from opsdash_local.apache import jars
from opsdash_local.apache.node import ApacheKafka, Place
from opsdash_local.broker import BrokerProcess
from opsdash_local.child import ServiceChild
from opsdash_local.environment import Environments, inherited
from opsdash_local.errors import LocalStackError
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.lock import exclusive
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.processes import last_lines
from opsdash_local.progress import Progress
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import BACKENDS, GATEWAY, SERVICES, ServiceSpec
from opsdash_local.settings import EMBEDDED, StackSettings
from opsdash_local.supervisor import Job, JobFailedError, StopRequested, Supervisor

READY_TIMEOUT_SECONDS = 120.0  # a second or two, unless the machine does many other things
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def run(settings: StackSettings, progress: Progress) -> int:
    """Run until a stop is requested (0) or something fails (1); nothing is left running either way."""
    with exclusive(settings.data):
        preflight.check(settings)
        preflight.keep_previous_logs(settings.logs)
        code = EXIT_INTERRUPTED
        with Supervisor(progress.note) as supervisor:
            try:
                stack = Stack(settings, supervisor, progress)
                stack.start()
                code = 0
                stack.summarise()
                supervisor.watch()
            except StopRequested:
                progress.note("stopping")
            except LocalStackError as error:
                progress.error(str(preflight.with_full_disk(error, settings.data)))
                code = EXIT_FAILED
        return EXIT_FAILED if supervisor.unclean else code


class Stack:
    """One start of everything, step by step."""

    def __init__(self, settings: StackSettings, supervisor: Supervisor, progress: Progress) -> None:
        self._settings = settings
        self._supervisor = supervisor
        self._progress = progress
        self._secrets = SecretStore(settings.data / "secrets.json")
        self._broker_is_empty = False

    def start(self) -> None:
        admin_url = self._start_servers()
        environments = Environments(self._settings, self._secrets, admin_url)
        self._prepare(environments)
        self._migrate(environments)
        self._write_people(environments)
        self._start_services(environments)
        if self._broker_is_empty:
            self._replay(environments)
        self._load_demo()

    def _start_servers(self) -> str:
        """Start the embedded servers that are wanted; returns the database administrator's URL."""
        settings, postgres, broker = self._settings, None, self._broker()
        if settings.database_url is None:
            postgres = EmbeddedPostgres(
                settings.data / "postgres", settings.ports.postgres, log_file=settings.logs / "postgres.log"
            )
            self._supervisor.add(postgres=postgres)
        if broker is not None:
            self._supervisor.add(kafka=broker)
            self._broker_is_empty = not broker.has_records
            with self._supervisor.undisturbed():
                broker.launch()
        if postgres is not None:
            with self._progress.step("PostgreSQL") as step:
                postgres.start()
                step.detail = f"port {postgres.port}"
        if broker is not None:
            with self._progress.step("Kafka broker") as step:
                broker.wait_ready()
                kind = "Apache Kafka" if broker.keeps_records else "in memory (KAFKA=apache: Apache Kafka)"
                step.detail = f"port {broker.port}, {kind}"
        return settings.database_url or (postgres.admin_url if postgres else "")

    def _broker(self) -> BrokerProcess | None:
        settings, log_file = self._settings, self._settings.logs / "kafka.log"
        if settings.kafka_servers is not None:
            return None
        if settings.kafka == EMBEDDED:
            return EmbeddedKafka(settings.ports.kafka, log_file=log_file)
        place = Place(1, settings.ports.kafka, settings.ports.kafka_controller)
        if jars.to_be_fetched():
            with self._progress.step("fetching Apache Kafka") as step:
                jars.class_path()
                step.detail = f"{jars.kafka_version()} from Maven Central, kept in {jars.HOME}"
        return ApacheKafka(place, settings.data / "kafka", log_file=log_file)

    def _prepare(self, environments: Environments) -> None:
        """Roles and databases; the topics side by side, for they need the broker only."""
        owners = [service for service in BACKENDS if service.has_database]
        with self._progress.step("roles, databases and topics") as step:
            work = {
                "admin_url": environments.admin_url,
                "services": {service.name: environments.passwords(service) for service in owners},
                "way_out": "check DATABASE_URL" if self._settings.database_url else f"see {self._settings.logs}",
            }
            self._supervisor.run_jobs(
                {
                    "provision": self._job(
                        "provision", "opsdash_local.provisioning", env=inherited() | {"PROVISION": json.dumps(work)}
                    ),
                    "topics": self._job(
                        "topics", "opsdash_chassis.kafka.topics", "--partitions", str(self._settings.partitions),
                        env=environments.for_topics(),
                    ),
                }
            )  # fmt: skip
            step.detail = self._last_line("topics")

    def _migrate(self, environments: Environments) -> None:
        owners = [service for service in BACKENDS if service.has_database]
        jobs = {
            f"migrate-{service.name}": self._job(
                f"migrate-{service.name}", service.module, "migrate", env=environments.for_migration(service)
            )
            for service in owners
        }
        with self._progress.step("migrations") as step:
            try:
                self._supervisor.run_jobs(jobs)
            except JobFailedError as error:
                if error.code != EXIT_NEWER_DATABASE:
                    raise
                raise LocalStackError(
                    f"a newer version of OpsDash Support wrote these data: the schema of {error.name.partition('-')[2]}"
                    f" is later than this version knows (see {jobs[error.name].log_file}). Start that version again,"
                    " or use a new folder: DATA=.data-2 make run"
                ) from error
            step.detail = ", ".join(service.name for service in owners)

    def _write_people(self, environments: Environments) -> None:
        """The development issuer signs in exactly these people."""
        from opsdash_local.demo.workspace import people  # noqa: PLC0415 - not needed after the start

        environments.people_file.write_text(json.dumps(people(), indent=1), encoding="utf-8")

    def _start_services(self, environments: Environments) -> None:
        """All at once: they wait for each other only when they are used."""
        children = {service.name: self._child(environments, service) for service in SERVICES}
        backends = {name: child for name, child in children.items() if name != GATEWAY.name}
        self._supervisor.add(**backends)
        self._supervisor.add(gateway=children[GATEWAY.name])
        with self._supervisor.undisturbed():
            for child in children.values():
                child.launch()
        for name, child in children.items():
            with self._progress.step(f"service {name}") as step:
                self._supervisor.wait_for(
                    child.is_ready, timeout=READY_TIMEOUT_SECONDS, what=f"the service {name} (see {child.log_file})"
                )
                step.detail = f"port {self._settings.ports.of_service(_spec(name).port_offset)}"

    def _child(self, environments: Environments, service: ServiceSpec) -> ServiceChild:
        env = environments.of(service)
        port = int(env.get("OPSDASH_OPERATIONS_PORT", env["OPSDASH_HTTP_PORT"]))
        return ServiceChild(service.program, env, port, self._settings.logs / f"{service.name}.log")

    def _replay(self, environments: Environments) -> None:
        """The broker knows nothing; each owner publishes its history again, same event ids."""
        with self._progress.step("replay into the fresh broker") as step:
            owners = [service for service in BACKENDS if service.has_database]
            self._supervisor.run_jobs(
                {
                    f"replay-{service.name}": self._job(
                        f"replay-{service.name}", service.module, "replay", env=environments.of(service)
                    )
                    for service in owners
                }
            )
            step.detail = ", ".join(self._last_line(f"replay-{service.name}") for service in owners)

    def _load_demo(self) -> None:
        with self._progress.step("demo workspace") as step:
            env = inherited() | {
                "DEMO_GATEWAY_URL": self._settings.gateway_url,
                "DEMO_WORKSPACE_TOKEN": self._secrets.get("workspace_token"),
                "DEMO_UNFINISHED": str(self._settings.data / "demo.unfinished"),
            }
            self._supervisor.run_jobs({"demo": self._job("demo", "opsdash_local.demo", env=env)})
            step.detail = self._last_line("demo")

    def summarise(self) -> None:
        """A process of its own, so that what it imports does not stay in memory; its output is the user's."""
        command = [sys.executable, "-m", "opsdash_local.summary", self._settings.gateway_url]
        self._supervisor.run_jobs({"summary": Job(command, os.environ, None)})

    def _job(self, name: str, module: str, *arguments: str, env: dict[str, str]) -> Job:
        command = [sys.executable, "-m", module, *arguments]
        return Job(command, env, self._settings.logs / f"{name}.log")

    def _last_line(self, job: str) -> str:
        return last_lines(self._settings.logs / f"{job}.log", count=1)


def _spec(name: str) -> ServiceSpec:
    return next(service for service in SERVICES if service.name == name)
