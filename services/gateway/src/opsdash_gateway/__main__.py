"""Entry point `opsdash-gateway`: serve, or call the cron route once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opsdash_gateway.command_line import run
from opsdash_gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from opsdash_http.app import Application


def main(arguments: Sequence[str] | None = None) -> None:
    """Console script."""
    run(GatewaySettings, _builder, program="opsdash-gateway", arguments=arguments)


def _builder() -> Callable[[GatewaySettings], Application]:
    from opsdash_gateway.app import build_app  # noqa: PLC0415 - not needed by the other command

    return build_app


if __name__ == "__main__":
    main()
