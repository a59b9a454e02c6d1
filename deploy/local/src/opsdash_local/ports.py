"""Which TCP ports on the loopback address are free."""

import socket

from opsdash_local.errors import PortInUseError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port nobody listens on now; another process may still take it before you do."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
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
