"""Entry point `opsdash-tickets`."""

from __future__ import annotations

from pathlib import Path

from opsdash_chassis.command_line import Service, run

from opsdash_tickets.app import build_app, build_runtime
from opsdash_tickets.openapi import document
from opsdash_tickets.settings import SERVICE, TicketsSettings

SERVICE_DESCRIPTION = Service(
    name=SERVICE,
    settings=TicketsSettings,
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
