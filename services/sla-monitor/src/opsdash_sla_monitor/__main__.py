"""Entry point `opsdash-sla-monitor`."""

from __future__ import annotations

from pathlib import Path

from opsdash_chassis.command_line import Service, run

from opsdash_sla_monitor.app import build_app, build_runtime
from opsdash_sla_monitor.openapi import document
from opsdash_sla_monitor.settings import SERVICE, SlaMonitorSettings

SERVICE_DESCRIPTION = Service(
    name=SERVICE,
    settings=SlaMonitorSettings,
    migrations=Path(__file__).parent / "migrations",
    build_app=build_app,
    build_runtime=build_runtime,
    openapi=document,
)


def main() -> None:
    """Console script."""
    run(SERVICE_DESCRIPTION)


if __name__ == "__main__":
    main()
