"""File descriptors: every request, connection and live stream needs one; without them a process only looks alive."""

from __future__ import annotations

import contextlib
import os
import resource

#: For the requests and connections of a moment; fewer than these are as good as none.
SPARE = 32


def allow_as_many_as_permitted() -> None:
    """Raise the soft limit to the hard one: the soft one is meant for programs that use select(), often 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some systems permit less than they say
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def descriptors_left() -> tuple[bool, str]:
    """For readiness: whether some are free, found out by taking them."""
    taken: list[int] = []
    try:
        taken += (os.open(os.devnull, os.O_RDONLY) for _ in range(SPARE))
    except OSError as error:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return False, f"fewer than {SPARE} file descriptors are free of {limit} ({error.strerror})"
    finally:
        for number in taken:
            os.close(number)
    return True, "enough are free"
