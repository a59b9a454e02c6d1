"""Entry point `opsdash-local-gateway`: the commands of `opsdash-gateway`, with the development issuer in `serve`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opsdash_gateway.command_line import run

from opsdash_local.dev_issuer.settings import LocalGatewaySettings

if TYPE_CHECKING:
    from opsdash_http.app import Application


def main(arguments: Sequence[str] | None = None) -> None:
    """Console script."""
    run(LocalGatewaySettings, _builder, program="opsdash-local-gateway", arguments=arguments)


def _builder() -> Callable[[LocalGatewaySettings], Application]:
    from opsdash_local.gateway.app import build_app  # noqa: PLC0415 - not needed by the other command

    return build_app


if __name__ == "__main__":
    main()
