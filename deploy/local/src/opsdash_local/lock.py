"""Only one stack at a time works on a data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opsdash_local.errors import LocalStackError


@contextmanager
def exclusive(data: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel gives it back however this process ends."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LocalStackError(
                f"another stack (process {file.read().strip() or 'unknown'}) already runs on {data};"
                " stop it first, or use a folder of its own: PORT=9000 DATA=.data-2 make run"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
