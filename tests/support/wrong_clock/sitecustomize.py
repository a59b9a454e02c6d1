"""On the path of a Python process, this sets its clock wrong by so many seconds."""

import os
import time

_OFF = float(os.environ["WRONG_CLOCK_SECONDS"])
_true_time = time.time


def _wrong_time() -> float:
    return _true_time() + _OFF


time.time = _wrong_time
