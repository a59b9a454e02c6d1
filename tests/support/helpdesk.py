"""Tickets, comments and the gateway in front of them, wired together on shared servers."""

from __future__ import annotations

from opsdash_local.ports import free_port

from tests.support.brokers import member_environment
from tests.support.databases import ServiceDatabase
from tests.support.stack import CRON_SECRET, SESSION_SECRET, WITHOUT_ORG_LIMITS, WORKSPACE_TOKEN, Stack
from tests.support.tokens import internal_environment

NOBODY = "http://127.0.0.1:1"


def comments_environment(stack: Stack, database: ServiceDatabase, tickets_url: str) -> dict[str, str]:
    """Like the tickets service of the stack, on a database of its own."""
    limits = WITHOUT_ORG_LIMITS | {"OPSDASH_TICKETS_URL": tickets_url}
    return _with_database(stack, database, "comments") | limits


def monitor_environment(stack: Stack, database: ServiceDatabase, tickets_url: str) -> dict[str, str]:
    return _with_database(stack, database, "sla-monitor") | {"OPSDASH_TICKETS_URL": tickets_url}


def _with_database(stack: Stack, database: ServiceDatabase, service: str) -> dict[str, str]:
    members = member_environment(stack.kafka) | database.environment
    return stack.common_environment | members | internal_environment(service)


def gateway_environment(
    stack: Stack, *, tickets_url: str, comments_url: str, sla_monitor_url: str = NOBODY
) -> dict[str, str]:
    return {
        **stack.common_environment,
        **internal_environment("gateway"),
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
        "OPSDASH_ADDRESS_REQUESTS_PER_SECOND": "10000",
        "OPSDASH_ADDRESS_REQUEST_BURST": "10000",
    }
