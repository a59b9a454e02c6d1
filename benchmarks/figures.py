"""Percentiles, and when an open-loop request should have been sent: the arithmetic of the load generator."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NANOSECONDS = 1_000_000_000


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of values in ascending order: a value that was really measured."""
    if not ordered:
        raise ValueError("nothing was measured")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    p50: float
    p95: float
    p99: float
    worst: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        ordered = sorted(seconds)
        shares = (0.50, 0.95, 0.99, 1.0)
        return cls(*(round(percentile(ordered, share) * 1000, 3) for share in shares))

    def shown(self) -> tuple[float, float, float]:
        """p50, p95 and p99 with as many digits as mean something."""
        return round(self.p50, 1), round(self.p95, 1), round(self.p99, 1)

    def with_worst(self) -> tuple[float, float, float, float]:
        return *self.shown(), round(self.worst, 1)


def schedule(rate: float, seconds: float, *, start: float = 0.0) -> Iterator[float]:
    """The moments at which an open loop sends, evenly spaced.

    Latency counts from these moments, not from the real sending: a server that stalls delays the requests behind the
    stalled one, and they must not look quick because the client politely waited (coordinated omission).
    """
    for index in range(int(rate * seconds)):
        yield start + index / rate
