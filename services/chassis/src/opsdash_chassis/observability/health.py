"""What a process says about itself: is it making progress (live), should it get traffic (ready)."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

PROBE_SECONDS = 2.0

#: (good, one line for people)
ProbeResult = tuple[bool, str]
Probe = Callable[[], ProbeResult | Awaitable[ProbeResult]]


class Health:
    """Probes by name. Liveness probes must not ask a database or a broker: a restart does not mend those."""

    def __init__(self) -> None:
        self._liveness: dict[str, Probe] = {}
        self._readiness: dict[str, Probe] = {}
        self.stopping = False

    def add_liveness(self, name: str, probe: Probe) -> None:
        self._liveness[name] = probe

    def add_readiness(self, name: str, probe: Probe) -> None:
        self._readiness[name] = probe

    async def live(self) -> dict[str, ProbeResult]:
        return await _run(self._liveness)

    async def ready(self) -> dict[str, ProbeResult]:
        """While the process stops, only that is reported: it fails at once."""
        if self.stopping:
            return {"stopping": (False, "the process is shutting down")}
        return await _run(self._readiness)


async def _run(probes: dict[str, Probe]) -> dict[str, ProbeResult]:
    results = await asyncio.gather(*(_ask(name, probe) for name, probe in probes.items()))
    return dict(zip(probes, results, strict=True))


async def _ask(name: str, probe: Probe) -> ProbeResult:
    try:
        result = probe()
        async with asyncio.timeout(PROBE_SECONDS):
            return await result if inspect.isawaitable(result) else result
    except TimeoutError:
        return False, "no answer in time"
    except Exception as error:  # noqa: BLE001 - a broken probe is a failed probe, whatever broke
        log.warning("probe_failed", probe=name, reason=repr(error))
        return False, "the check failed"
