"""Job of the stack: load the demo through the gateway named in DEMO_GATEWAY_URL."""

from __future__ import annotations

import asyncio
import os
import sys

import aiohttp

from opsdash_local.demo.gateway import Gateway, GatewayRefusedError
from opsdash_local.demo.load import load


async def run() -> None:
    async with Gateway(os.environ["DEMO_GATEWAY_URL"]) as gateway:
        sys.stdout.write(f"{await load(gateway, os.environ['DEMO_WORKSPACE_TOKEN'])}\n")


def main() -> None:
    try:
        asyncio.run(run())
    except* (GatewayRefusedError, aiohttp.ClientError, TimeoutError) as group:
        sys.exit("\n".join(str(error) or type(error).__name__ for error in group.exceptions[:3]))


if __name__ == "__main__":
    main()
