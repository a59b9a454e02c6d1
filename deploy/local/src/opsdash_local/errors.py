"""The one error the local stack shows to its user: a sentence that says what is wrong and what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

#: Faults of the place where a file lies, not of the program that writes it.
_OF_THE_PLACE = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP,
}  # fmt: skip


class LocalStackError(Exception):
    """The stack cannot start or go on; the message is complete and is printed as it is."""


class PortInUseError(LocalStackError):
    """Another program listens on a port the stack needs."""

    def __init__(self, port: int, purpose: str, *, instead: int) -> None:
        super().__init__(
            f"port {port} (for {purpose}) is already in use. Stop the program that listens there,"
            f" or move the whole stack: PORT={instead} make run"
        )
        self.port = port


class NoSpaceError(LocalStackError):
    """The disk that holds the data folder is full, or nearly so."""


def explained(error: OSError) -> LocalStackError | None:
    """What to tell of an error at a file; None for one that only a programmer can make use of."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return NoSpaceError("no space left on the disk that holds the data folder, or for this user; free some")
    if error.errno not in _OF_THE_PLACE or error.filename is None:
        return None
    return LocalStackError(
        f"{os.fsdecode(error.filename)}: {reason(error)}; the data folder is chosen with DATA=folder"
    )


def reason(error: OSError) -> str:
    """In lower case, with the owner where that explains it: the first start was somebody else's."""
    text = (error.strerror or str(error)).lower()
    if isinstance(error, PermissionError) and error.filename is not None:
        owner = nearest(Path(os.fsdecode(error.filename)))[1].st_uid
        return text if owner == os.geteuid() else f"{text} (it belongs to {_name(owner)})"
    return text


def nearest(path: Path) -> tuple[Path, os.stat_result]:
    """The path itself or the first folder above it that can be seen."""
    try:
        return path, path.stat()
    except OSError:
        return nearest(path.parent)


def _name(user: int) -> str:
    import pwd  # noqa: PLC0415 - for this message only

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
