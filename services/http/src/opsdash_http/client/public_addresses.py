"""Which IP addresses are of the public internet; everything else is of this machine, its network or its cloud."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

#: Public for some release of Python, and still not of the internet: see the registries of special addresses at IANA.
_NOT_PUBLIC = (
    IPv4Network("168.63.129.16/32"),  # what Azure answers each virtual machine from
    IPv4Network("192.0.0.0/24"),  # IETF protocols; the metadata of Oracle's cloud is among them
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, given up by RFC 7526
)
_NOT_PUBLIC_IPV6 = (
    IPv6Network("2001::/23"),  # IETF protocols, with Teredo
    IPv6Network("3fff::/20"),  # documentation, RFC 9637
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
#: RFC 6052: the last 32 bits are an IPv4 address that a gateway of the network connects to.
_NAT64 = IPv6Network("64:ff9b::/96")


#: Names that are never of the internet: RFC 6761, 6762, 8375, and the one that ICANN keeps free for private use.
_PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa")


def is_private_name(host: str) -> bool:
    """Whether a name is only known in a network of its own: by its last part, or because it has no other."""
    name = host.rstrip(".").lower()
    return "." not in name or any(name.endswith(f".{private}") for private in _PRIVATE_NAMES)


def is_public(text: str) -> bool:
    """False too for what is no address, and for an IPv6 address that stands for an IPv4 address that is not public."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public_ipv4(address)
    inner = _inner(address)
    if inner is not None:
        return _is_public_ipv4(inner)
    special = address.scope_id is not None or not address.is_global
    return address in _GLOBAL_UNICAST and not special and not any(address in network for network in _NOT_PUBLIC_IPV6)


def _is_public_ipv4(address: IPv4Address) -> bool:
    """`is_global` is about private, loopback, link-local, unspecified and carrier-grade NAT, and not about these."""
    special = address.is_multicast or address.is_reserved or not address.is_global
    return not special and not any(address in network for network in _NOT_PUBLIC)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, NAT64 or 6to4 address leads to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
