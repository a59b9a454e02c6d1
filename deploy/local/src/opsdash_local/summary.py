"""Print where the running stack can be reached; a process of its own, see stack.py."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator

from rich.console import Console

from opsdash_local import terminal
from opsdash_local.demo.gateway import Gateway
from opsdash_local.demo.workspace import MAIN_ORG, people

DEFAULT_PORT = "8000"


def sign_in_links(gateway_url: str) -> Iterator[str]:
    """One line a person: the address that signs them in, who they are, and what they may do where."""
    width = max(len(person["name"]) for person in people())
    for person in people():
        roles = ", ".join(f"{entry['role']} of {entry['slug']}" for entry in person["memberships"])
        yield f"  {gateway_url}/dev/sign-in/{person['user_id']}  {person['name']:<{width}}  [dim]{roles}[/]"


async def main(gateway_url: str) -> None:
    async with Gateway(gateway_url) as gateway:
        token = await gateway.token(people()[0]["user_id"])
    console = Console(file=terminal.output(), highlight=False, soft_wrap=True)
    console.print(f"\n[bold]OpsDash Support[/]  {gateway_url}/")
    console.print(f"[bold]API[/]              {gateway_url}/schema")
    console.print(f"[bold]Mails[/]            {gateway_url}/dev/mail")
    console.print("\n[bold]Sign in as[/]")
    for link in sign_in_links(gateway_url):
        console.print(link)
    console.print("\n[bold]Or from a shell[/]")
    console.print(
        f"  curl -s -H 'Authorization: Bearer {token}' '{gateway_url}/api/orgs/{MAIN_ORG}/tickets?limit=3'",
        markup=False,
    )
    port = os.environ.get("PORT", DEFAULT_PORT)
    events = ".venv/bin/opsdash events" if port == DEFAULT_PORT else f"PORT={port} .venv/bin/opsdash events"
    console.print(f"\n[dim]Watch the events: {events}   Stop: Ctrl-C[/]\n")


if __name__ == "__main__":
    terminal.prepare()
    asyncio.run(main(sys.argv[1]))
