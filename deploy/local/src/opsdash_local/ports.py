"""Which TCP ports on the loopback address are free."""

import socket
from collections import deque
from random import SystemRandom

from opsdash_local.errors import PortInUseError

LOOPBACK = "127.0.0.1"
DRAWN = range(20_000, 32_000)  # below where Linux and macOS begin to take ports for outgoing connections
CLAIMS = 100
_claims: deque[socket.socket] = deque()


def free_port() -> int:
    """A port nobody listens on now, from a range the system does not hand out by itself.

    Neither an outgoing connection nor another caller, in whatever process, can so take it before its server does.
    """
    chance = SystemRandom()
    while True:
        port = chance.choice(DRAWN)
        if is_free(port) and claim(port):
            return port


def claim(port: int) -> bool:
    """Whether nobody else has drawn this port lately: who has holds the UDP port of the same number."""
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        held.bind((LOOPBACK, port))
    except OSError:
        held.close()
        return False
    _claims.append(held)
    if len(_claims) > CLAIMS:  # the server of the oldest has long been there
        _claims.popleft().close()
    return True


def is_free(port: int) -> bool:
    """Whether a server could listen on the port; connections that linger after a restart do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def require_free(port: int, purpose: str) -> None:
    """Raise PortInUseError unless a server could listen on the port."""
    if not is_free(port):
        raise PortInUseError(port, purpose)
