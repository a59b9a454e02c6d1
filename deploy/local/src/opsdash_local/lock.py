"""Only one stack at a time works on a data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opsdash_local import data_folder
from opsdash_local.errors import LocalStackError


class FolderInUseError(LocalStackError):
    """A running stack holds the lock of the folder."""

    def __init__(self, data: Path, holder: str) -> None:
        super().__init__(
            f"another stack (process {holder or 'unknown'}) already runs on {data};"
            " stop it first, or use a folder of its own: PORT=9000 DATA=.data-2 make run"
        )
        self.holder = holder


@contextmanager
def exclusive(data: Path) -> Iterator[None]:
    """Make the folder and hold its lock; the kernel gives it back however this process ends."""
    data_folder.make(data)
    try:
        file = (data / data_folder.LOCK).open("a+", encoding="ascii", errors="replace")
    except OSError as error:
        raise data_folder.unusable(data, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise FolderInUseError(data, file.read().strip()) from None
        except OSError as error:
            raise data_folder.unusable(data, error) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
