"""The command line every service with a database has: serve, provision, migrate, replay, dead-letters."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from opsdash_chassis import settings as chassis_settings
from opsdash_chassis.errors import EXIT_NEWER_DATABASE, NewerDatabase
from opsdash_chassis.settings import (
    ConfigurationError,
    DatabaseSettings,
    MigrationSettings,
    ProvisionSettings,
    load_settings,
)

if TYPE_CHECKING:
    from opsdash_chassis.service.runtime import Runtime

    from opsdash_http.app import Application


EXIT_DEPENDENCY_AWAY = 3


@dataclass(frozen=True)
class Service:
    """What the shared commands need to know of a service.

    Its application is imported by the command that needs it: jobs, and refusals of bad settings, do without.
    """

    name: str
    package: str
    settings: type[DatabaseSettings]

    def build_app(self, settings: DatabaseSettings) -> Application:
        application: Application = self._module("app").build_app(settings)
        return application

    def build_runtime(self, settings: DatabaseSettings) -> Runtime:
        runtime: Runtime = self._module("app").build_runtime(settings)
        return runtime

    def openapi(self) -> dict[str, Any]:
        document: dict[str, Any] = self._module("openapi").document()
        return document

    def _module(self, name: str) -> ModuleType:
        return import_module(f"{self.package}.{name}")


def run(service: Service, arguments: Sequence[str] | None = None) -> None:
    """Console script of a service. Exit codes: 0 done, 2 bad configuration, 3 could not start or carry on."""
    options = _parser(service).parse_args(arguments)
    try:
        options.command(service, options)
    except ConfigurationError as error:
        chassis_settings.exit_with(error)
    except _dependency_errors() as error:
        sys.stderr.write(f"{service.name}: a server cannot be reached or refuses: {error or type(error).__name__}\n")
        raise SystemExit(EXIT_DEPENDENCY_AWAY) from error


def _dependency_errors() -> tuple[type[BaseException], ...]:
    """What jobs meet when PostgreSQL or Kafka is away; one line tells more than a stack."""
    from aiokafka.errors import KafkaError
    from asyncpg import PostgresError
    from opsdash_chassis.errors import Unavailable

    return Unavailable, PostgresError, KafkaError, OSError, TimeoutError


def _parser(service: Service) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"opsdash-{service.name}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("serve", help="run the service").set_defaults(command=_serve)
    commands.add_parser("provision", help="make the database and its roles").set_defaults(command=_provision)
    commands.add_parser("migrate", help="bring the database to this version").set_defaults(command=_migrate)
    commands.add_parser("openapi", help="print the OpenAPI document").set_defaults(command=_openapi)
    replay = commands.add_parser(
        "replay", help="publish events again: the last of every aggregate, or all since a time"
    )
    replay.add_argument("--since", type=_aware, metavar="TIME", help="ISO 8601 with zone; all events since then")
    replay.set_defaults(command=_replay)
    _add_dead_letters(commands.add_parser("dead-letters", help="messages that were set aside"))
    return parser


def _add_dead_letters(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, text, takes_ids in (
        ("list", "one line each, oldest first", False),
        ("show", "everything about the named ones", True),
        ("redrive", "let the service handle them again", True),
        ("drop", "give them up", True),
    ):
        action = actions.add_parser(name, help=text)
        action.set_defaults(command=_dead_letters, action=name)
        if takes_ids:
            action.add_argument("ids", nargs="+", metavar="ID", help="a letter's id, or 'all'")


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("needs a zone, for example 2026-01-31T12:00:00+00:00")
    return moment


def _serve(service: Service, _: argparse.Namespace) -> None:
    settings = load_settings(service.settings)

    from opsdash_chassis.observability.logs import configure_logs

    from opsdash_http.requests.telemetry import configure_tracing
    from opsdash_http.server.server import serve

    configure_logs(profile=settings.profile, level=settings.log_level, service=service.name)
    configure_tracing(service=service.name, otlp_endpoint=settings.otlp_endpoint)
    serve(lambda: service.build_app(settings), settings)


def _provision(service: Service, _: argparse.Namespace) -> None:
    from opsdash_chassis.database.provision import passwords_of, provision

    settings = load_settings(ProvisionSettings, unknown_refused=False)
    passwords = passwords_of(settings, service.name)
    asyncio.run(provision(settings.database_admin_url.get_secret_value(), service.name, passwords))
    sys.stdout.write(f"{service.name}: the database and its roles are there\n")


def _migrate(service: Service, _: argparse.Namespace) -> None:
    from opsdash_chassis.database.migrations import migrations_of, upgrade

    settings = load_settings(MigrationSettings, unknown_refused=False)
    try:
        upgrade(migrations_of(service.package), settings.database_owner_url.get_secret_value())
    except NewerDatabase as error:
        sys.stderr.write(f"{service.name}: {error}\n")
        raise SystemExit(EXIT_NEWER_DATABASE) from error
    sys.stdout.write(f"{service.name}: the database is up to date\n")


def _openapi(service: Service, _: argparse.Namespace) -> None:
    sys.stdout.write(json.dumps(service.openapi(), indent=2, sort_keys=True) + "\n")


def _replay(service: Service, options: argparse.Namespace) -> None:
    from opsdash_chassis.outbox.replay import replay

    settings = load_settings(service.settings)
    count = asyncio.run(replay(settings.database_worker_url.get_secret_value(), since=options.since))
    sys.stdout.write(f"{service.name}: {count} events queued again\n")


def _dead_letters(service: Service, options: argparse.Namespace) -> None:
    from opsdash_http.cli.dead_letters import run_action

    settings = load_settings(service.settings)
    failures = asyncio.run(run_action(service.build_runtime(settings), options))
    raise SystemExit(1 if failures else 0)
