"""A service of ours served by granian instead of uvicorn: the same application, settings, loop and lifespan.

Only for the comparison: granian knows nothing of our limits for request heads, nor of stopping in order.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
from collections.abc import Callable
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from opsdash_chassis.settings import ServiceSettings
from opsdash_http.app import Application
from opsdash_http.server import server

from benchmarks.bench_stack import MODULE_VARIABLE


def serve(build: Callable[[], Application], settings: ServiceSettings) -> None:
    """In place of `opsdash_http.server.server.serve`."""
    uvloop.run(_serve(build, settings))


async def _serve(build: Callable[[], Application], settings: ServiceSettings) -> None:
    application = build()
    ports: dict[int, object] = {settings.http_port: application}
    if settings.operations_port is not None:
        ports[settings.operations_port] = application.operations
    async with application.litestar.lifespan():
        servers = [_server(app, settings.http_host, port) for port, app in ports.items()]
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: [each.stop() for each in servers])
        await asyncio.gather(*(each.serve() for each in servers))


def _server(app: object, host: str, port: int) -> Any:
    return Server(
        app, host, port, interface=Interfaces.ASGINL, http=HTTPModes.http1, websockets=False, log_enabled=False
    )


def main() -> None:
    server.serve = serve  # every entry point looks it up when it serves
    runpy.run_module(os.environ[MODULE_VARIABLE], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
