"""Job of the stack: create the roles and databases of the services. Its work comes as JSON in PROVISION."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from urllib.parse import urlsplit

import asyncpg
from opsdash_chassis.database.provision import Passwords, provision


async def provision_all(admin_url: str, services: dict[str, dict[str, str]]) -> None:
    for service, passwords in services.items():
        await provision(admin_url, service, Passwords(**passwords))


def main() -> None:
    work = json.loads(os.environ.pop("PROVISION"))
    where = urlsplit(work["admin_url"])
    try:
        asyncio.run(provision_all(work["admin_url"], work["services"]))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        sys.exit(f"PostgreSQL at {where.hostname}:{where.port or 5432}: {error}; {work['way_out']}")


if __name__ == "__main__":
    main()
