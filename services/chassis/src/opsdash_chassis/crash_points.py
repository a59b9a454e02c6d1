"""Named points where a process kills itself, so that tests can hit the exact instant between two effects.

Armed by OPSDASH_CRASH_AT, which settings accept in the local profile only.
"""

from __future__ import annotations

import os
import signal

AFTER_DB_COMMIT = "after_db_commit"
BEFORE_PUBLISH = "before_publish"
AFTER_PUBLISH_BEFORE_MARK = "after_publish_before_mark"
AFTER_EFFECT_BEFORE_COMMIT_OFFSET = "after_effect_before_commit_offset"
AFTER_DEAD_LETTER_BEFORE_COMMIT_OFFSET = "after_dead_letter_before_commit_offset"


class CrashPoints:
    """Kills the process with SIGKILL when the armed point is reached."""

    def __init__(self, armed: str | None = None) -> None:
        self._armed = armed

    def reached(self, point: str) -> None:
        if point == self._armed:
            os.kill(os.getpid(), signal.SIGKILL)
