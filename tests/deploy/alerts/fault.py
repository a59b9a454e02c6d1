"""A fault as Prometheus sees it, which alert must tell it, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.deploy.alerts.world import (
    FROZEN,
    GONE,
    LAST_BREACH_JOB,
    NEEDS,
    TICKET_TOPIC,
    WORLD,
    Value,
    deployment,
    of_all,
    of_pod,
)

Changes = Mapping[str, Value]


@dataclass(frozen=True)
class Told:
    """One alert of a fault: its labels but for the severity, and its summary."""

    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """`minutes` is how long the expression takes to be true for good, `for` not counted. For `watched_minutes` after it
    is told, nothing else may be. An interruption of `gap_seconds` is not told; by default that is `for`, less a step.
    """

    name: str
    alert: str
    changes: Changes
    told: tuple[Told, ...]
    minutes: int = 1
    gap_seconds: int | None = None
    watched_minutes: int = 0


def to(value: Value, *names: Iterable[str]) -> dict[str, Value]:
    return {one: value for group in names for one in group}


def gone(*jobs: str) -> dict[str, Value]:
    """Everything that processes of these services told."""
    return to(GONE, [name for name in WORLD if any(f'job="{job}"' in name for job in jobs)])


def missed(job: str) -> dict[str, Value]:
    """What callers make of a service that does not answer: they miss it, and the gateway's own answers fail."""
    callers = [caller for caller, needs in NEEDS.items() if job in needs]
    return {**to(0, of_all("opsdash_dependency_up", *callers, dependency=job)), **failing("gateway")}


def failing(*jobs: str) -> dict[str, Value]:
    return to(30, of_all("opsdash_http_request_seconds_count", *jobs, status="503"))


def without_database(job: str) -> dict[str, Value]:
    """No replica is ready, none publishes, messages are held, requests fail, and callers notice."""
    return {
        **to(0, of_all("opsdash_dependency_up", job, dependency="database"), of_all("opsdash_relay_leader", job)),
        **to(0, [deployment(job)]),
        **to(1, of_all("opsdash_consumer_paused", job, **TICKET_TOPIC)),
        **to(900, of_all("opsdash_consumer_held_seconds", job, **TICKET_TOPIC)),
        **failing(job),
        **missed(job),
    }


JOB = {"job": "tickets"}
ON_TOPIC = JOB | TICKET_TOPIC
OVERDUE = to(300, of_all("opsdash_sla_oldest_unhandled_seconds", "sla-monitor"))
NO_BREACH_JOB = {LAST_BREACH_JOB: FROZEN}


#: Minutes after which all consequences would have been told, but for those of a breach job without success.
SHORT, LONG = 10, 40


def first(metric: str, job: str = "tickets", **labels: str) -> list[str]:
    return [of_pod(metric, job, "1", **labels)]


def down(job: str) -> Told:
    return Told(f"{job}: no replica is up, or none can be scraped", {"job": job})


def one(summary: str, **labels: str) -> tuple[Told, ...]:
    return (Told(summary, labels),)
