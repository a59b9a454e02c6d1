"""The internal routes of the sweep."""

from __future__ import annotations

from dataclasses import asdict

from litestar import get, post
from litestar.di import NamedDependency

from opsdash_sla_monitor.sweep.schemas import SweepResult
from opsdash_sla_monitor.sweep.service import Sweeper


@post("/sweep", status_code=200)
async def run_sweep(sweeper: NamedDependency[Sweeper]) -> SweepResult:
    """Notify of everything that is due now; calls that come together share a sweep."""
    return SweepResult(**asdict(await sweeper.sweep()))


@get("/alive", status_code=204)
async def get_alive() -> None:
    """Asks nothing and nobody: whoever waits for a sweep learns that this process still runs."""
