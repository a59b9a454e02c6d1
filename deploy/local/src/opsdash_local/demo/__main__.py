"""Job of the stack: load the demo through the gateway named in DEMO_GATEWAY_URL.

DEMO_UNFINISHED names a file that is there while it creates tickets.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import aiohttp

from opsdash_local.demo.gateway import Gateway, GatewayRefusedError
from opsdash_local.demo.load import Unfinished, load


async def run() -> None:
    path = os.environ.get("DEMO_UNFINISHED")
    unfinished = Unfinished(Path(path) if path else None)
    async with Gateway(os.environ["DEMO_GATEWAY_URL"]) as gateway:
        done = await load(gateway, os.environ["DEMO_WORKSPACE_TOKEN"], unfinished)
    sys.stdout.write(f"{done}\n")


def main() -> None:
    try:
        asyncio.run(run())
    except* (GatewayRefusedError, aiohttp.ClientError, TimeoutError) as group:
        sys.exit("\n".join(str(error) or type(error).__name__ for error in group.exceptions[:3]))


if __name__ == "__main__":
    main()
