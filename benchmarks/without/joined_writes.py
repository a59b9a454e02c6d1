"""Every write of the HTTP server is sent by itself."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Transport

from opsdash_http.server import protocol

from benchmarks.without import run_service


def as_they_come(transport: Transport, loop: AbstractEventLoop) -> Transport:  # noqa: ARG001 - in place of the class
    """The server's own transport."""
    return transport


if __name__ == "__main__":
    vars(protocol)["JoinedWrites"] = as_they_come
    run_service()
