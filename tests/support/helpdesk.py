"""Tickets, comments and the gateway in front of them, wired together on shared servers."""

from __future__ import annotations

from opsdash_local.ports import free_port

from tests.support.databases import ServiceDatabase
from tests.support.stack import CRON_SECRET, SESSION_SECRET, WORKSPACE_TOKEN, Stack

NOBODY = "http://127.0.0.1:1"


def comments_environment(stack: Stack, database: ServiceDatabase, tickets_url: str) -> dict[str, str]:
    """Like the tickets service of the stack, on a database of its own."""
    return stack.tickets_environment | database.environment | {"OPSDASH_TICKETS_URL": tickets_url}


def gateway_environment(
    stack: Stack, *, tickets_url: str, comments_url: str, sla_monitor_url: str = NOBODY
) -> dict[str, str]:
    shared = {
        name: value
        for name, value in stack.tickets_environment.items()
        if not name.startswith(("OPSDASH_DATABASE", "OPSDASH_ORG_"))
    }
    return shared | {
        "OPSDASH_WORKSPACE_TOKEN": WORKSPACE_TOKEN,
        "OPSDASH_TICKETS_URL": tickets_url,
        "OPSDASH_COMMENTS_URL": comments_url,
        "OPSDASH_SLA_MONITOR_URL": sla_monitor_url,
        "OPSDASH_CRON_SECRET": CRON_SECRET,
        "OPSDASH_SESSION_SECRET": SESSION_SECRET,
        "OPSDASH_OIDC_CLIENT_ID": "opsdash-console",
        "OPSDASH_OPERATIONS_PORT": str(free_port()),
        "OPSDASH_PUBLIC_URL": "http://127.0.0.1",
        "OPSDASH_USER_REQUESTS_PER_SECOND": "200",
        "OPSDASH_USER_REQUEST_BURST": "100",
    }
