"""Which TCP ports on the loopback address are free."""

import errno
import socket
from collections import deque
from random import SystemRandom

from opsdash_local.errors import LocalStackError, PortInUseError, reason

LOOPBACK = "127.0.0.1"
LAST_OFFSET = 13  # a stack takes its first port and those up to this many behind it
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
    return _hindrance(port) is None


def require_free(port: int, purpose: str) -> None:
    """Raise PortInUseError, or LocalStackError for another reason, unless a server could listen on the port."""
    error = _hindrance(port)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        raise PortInUseError(port, purpose, instead=_another_first_port())
    if isinstance(error, PermissionError):
        raise LocalStackError(
            f"port {port} (for {purpose}) is for root: this user may listen on ports from 1024 up; PORT=8000 make run"
        )
    raise LocalStackError(f"nothing can listen on {LOOPBACK}, port {port} (for {purpose}): {reason(error)}")


def _another_first_port() -> int:
    """A round one with a free block behind it, to be named in a message."""
    blocks = (range(first, first + LAST_OFFSET + 1) for first in range(9000, DRAWN.start, 1000))
    return next((block.start for block in blocks if all(is_free(port) for port in block)), 9000)


def _hindrance(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error
        return None
