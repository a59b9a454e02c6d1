"""Entry point `opsdash-tickets`."""

from __future__ import annotations

from opsdash_http.cli.command_line import Service, run

from opsdash_tickets.settings import SERVICE, TicketsSettings


def main() -> None:
    """Console script."""
    run(Service(name=SERVICE, package="opsdash_tickets", settings=TicketsSettings))


if __name__ == "__main__":
    main()
