"""Where a request comes from, and whether it was meant for this host."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from opsdash_http.asgi import ReadOnlyScope
from opsdash_http.errors.problems import Problem

#: What one subscriber of IPv6 has at least.
_PREFIX = 64


def source_of(scope: ReadOnlyScope) -> str:
    """The client's address for counting its requests; of IPv6 the network, because one client has all of it."""
    client = scope.get("client")
    text = str(client[0]) if client else ""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return text
    return str(address.ipv4_mapped or IPv6Network((address, _PREFIX), strict=False).network_address)


def misdirected() -> Problem:
    """The 421 problem."""
    detail = "This server has no site of the name in the Host header."
    return Problem("misdirected-request", "Misdirected request", 421, detail)


def check_host(headers: Collection[tuple[bytes, bytes]], allowed: Collection[str]) -> None:
    """Raises the 421 problem for a Host that is none of these names; without names any will do."""
    if not allowed:
        return
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(hosts) != 1 or _name(hosts[0]) not in allowed:
        raise misdirected()


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
