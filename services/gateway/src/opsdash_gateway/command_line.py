"""The commands of a gateway process: serve, or call the cron route once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from opsdash_chassis import settings as chassis_settings
from opsdash_chassis.settings import ConfigurationError, load_settings

from opsdash_gateway.settings import GatewaySettings
from opsdash_gateway.sla import cron_job

if TYPE_CHECKING:
    from opsdash_http.app import Application

SERVICE: Final = "gateway"
SettingsT = TypeVar("SettingsT", bound=GatewaySettings)


def run(
    settings: type[SettingsT],
    builder: Callable[[], Callable[[SettingsT], Application]],
    *,
    program: str,
    arguments: Sequence[str] | None = None,
) -> None:
    """Run the command that the arguments name; `builder` imports what makes the application of `serve`.

    Exit codes: 0 done, 1 cron refused, 2 bad configuration, 3 could not start or reach.
    """
    parser = argparse.ArgumentParser(prog=program)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="run the service")
    serving.set_defaults(command=lambda: _serve(load_settings(settings), builder))
    commands.add_parser("cron", help="have due breaches told, once").set_defaults(command=_cron)
    options = parser.parse_args(arguments)
    try:
        options.command()
    except ConfigurationError as error:
        chassis_settings.exit_with(error)


def _cron() -> None:
    sys.exit(cron_job.run(load_settings(cron_job.CronJobSettings, unknown_refused=False)))


def _serve(settings: SettingsT, builder: Callable[[], Callable[[SettingsT], Application]]) -> None:
    """Run until stopped; heavy imports wait until the configuration is known to be good."""
    from opsdash_chassis.observability.logs import configure_logs
    from opsdash_http.requests.telemetry import configure_tracing
    from opsdash_http.server import server

    build_app = builder()
    configure_logs(profile=settings.profile, level=settings.log_level, service=SERVICE)
    configure_tracing(service=SERVICE, otlp_endpoint=settings.otlp_endpoint)
    server.serve(lambda: build_app(settings), settings)
