"""Which TCP ports on the loopback address are free."""

import socket
from random import SystemRandom

from opsdash_local.errors import PortInUseError

LOOPBACK = "127.0.0.1"
DRAWN = range(20_000, 32_000)  # below where Linux and macOS begin to take ports for outgoing connections


def free_port() -> int:
    """A port nobody listens on now, from a range the system does not hand out by itself.

    An outgoing connection can so not take it before its server does; another caller's draw still may, one in thousands.
    """
    chance = SystemRandom()
    while True:
        port = chance.choice(DRAWN)
        if is_free(port):
            return port


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
