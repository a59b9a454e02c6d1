"""Entry point `opsdash-sla-monitor`."""

from __future__ import annotations

from opsdash_http.cli.command_line import Service, run

from opsdash_sla_monitor.settings import SERVICE, SlaMonitorSettings


def main() -> None:
    """Console script."""
    run(Service(name=SERVICE, package="opsdash_sla_monitor", settings=SlaMonitorSettings))


if __name__ == "__main__":
    main()
