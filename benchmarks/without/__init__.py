"""Services of ours with one shortcut of the chassis taken out: `python -m benchmarks.without.<its module>`.

Only for the comparison that says what each is worth.
"""

from __future__ import annotations

import os
import runpy

from benchmarks.bench_stack import MODULE_VARIABLE


def run_service() -> None:
    """The one that the bench asks for."""
    runpy.run_module(os.environ[MODULE_VARIABLE], run_name="__main__", alter_sys=True)
