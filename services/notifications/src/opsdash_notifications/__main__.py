"""Entry point `opsdash-notifications`."""

from __future__ import annotations

from opsdash_http.cli.command_line import Service, run

from opsdash_notifications.settings import SERVICE, NotificationsSettings


def main() -> None:
    """Console script."""
    run(Service(name=SERVICE, package="opsdash_notifications", settings=NotificationsSettings))


if __name__ == "__main__":
    main()
