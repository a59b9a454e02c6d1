"""An address that a person typed is connected to by one module; who else opens connections is named, with where to."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import PACKAGES, Module, imported_from, looked_at, modules, planted

#: Where a request to an address that a person typed belongs.
TYPED = "opsdash_http.client.typed_address"
#: Modules that open connections themselves, and to what: addresses of settings, or of this machine.
TO_SETTINGS = {
    TYPED: "addresses that people typed",
    "opsdash_http.cli.health_command": "the service itself",
    "opsdash_http.client.internal_client": "the other services",
    "opsdash_http.security.keys": "the identity provider",
    "opsdash_http.server.server": "nobody: its own listener",
    "opsdash_notifications.mail.smtp": "the mail server",
    "opsdash_notifications.chat.address": "nobody: plugins of Apprise write messages there",
    "opsdash_notifications.chat.attempt": "nobody: what plugins send is handed to the function for typed addresses",
    "opsdash_notifications.chat.compat": "nobody: the sessions of requests are replaced by one that opens none",
    "opsdash_sla_monitor.deadlines.tickets_client": "the tickets service",
    "opsdash_gateway.sla.cron_job": "the gateway itself",
    "opsdash_gateway.upstream.client": "the services that own data",
    "opsdash_local.broker": "the broker of the local stack",
    "opsdash_local.child": "the services of the local stack",
    "opsdash_local.demo.gateway": "the gateway of the local stack",
    "opsdash_local.events.tail": "the broker of the local stack",
    "opsdash_local.ports": "ports of this machine",
}
#: What opens a connection where it is called.
FUNCTIONS = {
    "aiohttp.ClientSession",
    "aiohttp.TCPConnector",
    "aiohttp.request",
    "asyncio.open_connection",
    "socket.create_connection",
    "socket.socket",
}
#: Of event loops.
METHODS = (".create_connection", ".sock_connect")
#: Libraries that do nothing else.
LIBRARIES = {
    "aiosmtplib",
    "apprise",
    "ftplib",
    "http.client",
    "httpx",
    "imaplib",
    "niquests",
    "poplib",
    "requests",
    "smtplib",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "websockets",
    "xmlrpc.client",
}


def opens_connections(module: Module) -> set[str]:
    """What it calls that opens one; of a library that does nothing else, the import is enough."""
    imported = imported_from(module)
    sources = {".".join(filter(None, each)) for each in imported.values()}
    found = {library for library in LIBRARIES for source in sources if f"{source}.".startswith(f"{library}.")}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            head, *rest = ast.unparse(node.func).split(".")
            name = ".".join([*filter(None, imported.get(head, (head, ""))), *rest])
            found |= {name} if name in FUNCTIONS or name.endswith(METHODS) else set()
    return found


def test_only_named_modules_open_connections():
    every = [module for package in PACKAGES for module in modules(package)]
    for package in PACKAGES:
        looked_at("modules", package, len(modules(package)))
    found = {module.name: opens for module in every if (opens := opens_connections(module))}
    assert {name: opens for name, opens in found.items() if name not in TO_SETTINGS} == {}, f"use {TYPED}"
    assert sorted(TO_SETTINGS.keys() - found.keys()) == [], "these open none"


@pytest.mark.parametrize(
    "text",
    [
        "import aiohttp\nasync def f(url):\n    async with aiohttp.ClientSession() as s:\n        await s.get(url)",
        "from aiohttp import ClientSession as Session\nSession()",
        "import aiohttp as http\nhttp.request('GET', url)",
        "def f(url):\n    import httpx\n    return httpx.get(url)",
        "from urllib.request import urlopen",
        "import urllib.request\nurllib.request.urlopen(url)",
        "from urllib import request",
        "import http.client",
        "from http import client",
        "import requests.sessions",
        "import socket\nsocket.create_connection((host, 443))",
        "from socket import socket as new\nnew().connect((host, 443))",
        "import asyncio\nasync def f(host): await asyncio.open_connection(host, 443)",
        "async def f(loop): await loop.create_connection(Protocol, host, 443)",
        "import apprise",
        "from apprise import Apprise\nApprise().add(url)",
        "from apprise.plugins.discord import NotifyDiscord",
        "import requests\nrequests.post(url)",
        "from requests import Session\nSession().post(url)",
        "import aiosmtplib",
    ],
)
def test_one_that_is_opened_otherwise_is_seen(text: str):
    assert opens_connections(planted(text))


@pytest.mark.parametrize(
    "text",
    [
        f"from {TYPED} import send_to_typed_address",
        "import aiohttp\ndef f(session: aiohttp.ClientResponse): ...",
        "from http import HTTPStatus",
        "import socket\nsocket.gethostname()",
        "from urllib.parse import urlsplit",
    ],
)
def test_what_opens_none_is_not(text: str):
    assert not opens_connections(planted(text))
