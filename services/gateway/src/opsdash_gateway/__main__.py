"""Entry point `opsdash-gateway`: serve, or call the cron route once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from opsdash_chassis import settings as chassis_settings
from opsdash_chassis.settings import ConfigurationError, load_settings

from opsdash_gateway.settings import GatewaySettings
from opsdash_gateway.sla import cron_job

SERVICE = "gateway"


def main(arguments: Sequence[str] | None = None) -> None:
    """Console script. Exit codes: 0 done, 1 cron refused, 2 bad configuration, 3 could not start or reach."""
    parser = argparse.ArgumentParser(prog=f"opsdash-{SERVICE}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("serve", help="run the service").set_defaults(command=_serve)
    commands.add_parser("cron", help="have due breaches told, once").set_defaults(command=_cron)
    options = parser.parse_args(arguments)
    try:
        options.command()
    except ConfigurationError as error:
        chassis_settings.exit_with(error)


def _serve() -> None:
    serve(load_settings(GatewaySettings))


def _cron() -> None:
    sys.exit(cron_job.run(load_settings(cron_job.CronJobSettings, unknown_refused=False)))


def serve(settings: GatewaySettings) -> None:
    """Run until stopped; heavy imports wait until the configuration is known to be good."""
    from opsdash_chassis.http.requests.telemetry import configure_tracing  # noqa: PLC0415
    from opsdash_chassis.http.server import server  # noqa: PLC0415 - see above
    from opsdash_chassis.observability.logs import configure_logs  # noqa: PLC0415

    from opsdash_gateway.app import build_app  # noqa: PLC0415

    configure_logs(profile=settings.profile, level=settings.log_level, service=SERVICE)
    configure_tracing(service=SERVICE, otlp_endpoint=settings.otlp_endpoint)
    server.serve(lambda: build_app(settings), settings)


if __name__ == "__main__":
    main()
