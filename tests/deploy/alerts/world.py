"""The series that Prometheus has of a healthy installation; a fault: what becomes of them, which alert tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from opsdash_local import services

STEP_SECONDS = 30
NEEDS = {service.name: (*service.asks, *service.passes_on_to) for service in services.SERVICES}
SERVICES = tuple(NEEDS)
BACKENDS = tuple(service.name for service in services.BACKENDS)
PODS = ("1", "2")
GONE = "stale"  # the marker that Prometheus writes when a target or a series is no longer there

FROZEN = "frozen"

Kind: TypeAlias = Literal["level", "counter", "clock"]
Value: TypeAlias = float | str


@dataclass(frozen=True)
class Healthy:
    """A level with its value, a counter with its growth in a step, or the time of what happens again and again."""

    kind: Kind
    value: Value


def of_pod(metric: str, job: str, pod: str, **labels: str) -> str:
    """A series as a ServiceMonitor labels it: the job is the name of the Kubernetes Service."""
    place = {"namespace": "opsdash", "job": job, "pod": f"{job}-{pod}", "instance": f"{job}-{pod}:9000"}
    return series(metric, **place, **labels)


def of_all(metric: str, *jobs: str, **labels: str) -> list[str]:
    return [of_pod(metric, job, pod, **labels) for job in jobs for pod in PODS]


def series(metric: str, **labels: str) -> str:
    matched = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{metric}{{{matched}}}"


def deployment(name: str) -> str:
    """kube-state-metrics names itself in `job`; `namespace` is that of the object (`honorLabels`)."""
    return series(
        "kube_deployment_status_replicas_available", job="kube-state-metrics", namespace="opsdash", deployment=name
    )


LAST_BREACH_JOB = series(
    "kube_cronjob_status_last_successful_time",
    job="kube-state-metrics",
    namespace="opsdash",
    cronjob="sla-breaches",
)
TICKET_TOPIC = {"topic": "opsdash.support.tickets.v1"}
ROUTE = {"method": "GET", "route": "/api/orgs/{slug}/tickets"}


def _levels() -> Iterator[tuple[str, Value]]:
    for job in SERVICES:
        yield deployment(job), 2
        for name in ("kafka", *NEEDS[job], *(["database"] if job in BACKENDS else [])):
            yield from ((one, 1) for one in of_all("opsdash_dependency_up", job, dependency=name))
    yield deployment("opsdash-entity-operator"), 1
    yield from ((one, 1) for one in of_all("up", *SERVICES))
    yield from ((one, 0) for one in of_all("opsdash_clock_difference_seconds", *SERVICES))
    for job in BACKENDS:
        yield of_pod("opsdash_relay_leader", job, "1"), 1
        yield of_pod("opsdash_relay_leader", job, "2"), 0
        for metric in ("opsdash_outbox_oldest_seconds", "opsdash_outbox_parked_events"):
            yield from ((one, 0) for one in of_all(metric, job))
        for metric in ("consumer_paused", "consumer_held_seconds", "consumer_lag_messages"):
            yield from ((one, 0) for one in of_all(f"opsdash_{metric}", job, **TICKET_TOPIC))
    yield from ((one, 0) for one in of_all("opsdash_sla_oldest_unhandled_seconds", "sla-monitor"))
    yield from ((one, 1) for one in of_all("opsdash_dependency_up", "notifications", dependency="smtp"))
    for name in ("opsdash_mail_late_seconds", "opsdash_team_message_late_seconds", "opsdash_team_channels_failing"):
        yield from ((one, 0) for one in of_all(name, "notifications"))
    yield from ((one, 0) for one in of_all("opsdash_team_addresses_unreadable", "notifications"))


def _counters() -> Iterator[tuple[str, Value]]:
    for job in SERVICES:
        yield from ((one, 0) for one in of_all("opsdash_event_loop_stalls_total", job))
        for status, growth in (("200", 30), ("503", 0)):
            yield from ((one, growth) for one in of_all("opsdash_http_request_seconds_count", job, status=status))
        for le in ("0.1", "1.0", "2.5", "+Inf"):
            yield from ((one, 30) for one in of_all("opsdash_http_request_seconds_bucket", job, **ROUTE, le=le))
    for job in BACKENDS:
        yield from ((one, 0) for one in of_all("opsdash_housekeeping_failures_total", job, task="prune"))
        yield from (
            (one, 0) for one in of_all("opsdash_dead_letters_total", job, **TICKET_TOPIC, reason="handler-failed")
        )
    for le in ("1.0", "15.0", "60.0", "+Inf"):
        yield from ((one, 1) for one in of_all("opsdash_sla_breach_lateness_seconds_bucket", "sla-monitor", le=le))
    for outcome, growth in (("sent", 10), ("refused", 0), ("not_taken", 0), ("unwritable", 0)):
        yield from ((one, growth) for one in of_all("opsdash_mails_total", "notifications", outcome=outcome))
    for outcome, growth in (("sent", 10), ("refused", 0), ("unreachable", 0)):
        of_kind = of_all("opsdash_team_messages_total", "notifications", scheme="slack", outcome=outcome)
        yield from ((one, growth) for one in of_kind)
    for metric, labels in (
        ("notices_total", {"kind": "breach", "confirmed": "false"}),
        ("owner_failures_total", {}),
        ("version_gaps_total", {}),
        ("repaired_total", {"cause": "missing_event"}),
    ):
        yield from ((one, 0) for one in of_all(f"opsdash_sla_{metric}", "sla-monitor", **labels))


WORLD: Mapping[str, Healthy] = {
    **{name: Healthy("level", value) for name, value in _levels()},
    **{name: Healthy("counter", value) for name, value in _counters()},
    LAST_BREACH_JOB: Healthy("clock", 0),
}


def input_series(changed: Mapping[str, Value], broken: range, steps: int) -> list[dict[str, str]]:
    """Every series from the start: as in the healthy world, but for the changed ones in the broken steps."""
    unknown = changed.keys() - WORLD.keys()
    assert not unknown, unknown
    phases = [(range(broken.start), False), (broken, True), (range(broken.stop, steps), False)]
    return [
        {"series": name, "values": _values(healthy, changed.get(name, healthy.value), phases)}
        for name, healthy in WORLD.items()
    ]


def _values(healthy: Healthy, changed: Value, phases: list[tuple[range, bool]]) -> str:
    """In promtool's notation, a part for each phase that has steps."""
    parts: list[str] = []
    total = 0.0
    for phase, is_broken in phases:
        value = changed if is_broken else healthy.value
        if not phase:
            continue
        more = len(phase) - 1
        if value == GONE:
            parts.append(f"stale _x{more}")
        elif healthy.kind == "level":
            parts.append(f"{value}x{more}")
        elif healthy.kind == "clock":
            total = total if value == FROZEN else phase.start * STEP_SECONDS
            growth = 0 if value == FROZEN else STEP_SECONDS
            parts.append(f"{total:g}+{growth}x{more}")
            total += growth * more
        else:
            parts.append(f"{total:g}+{value}x{more}")
            total += float(value) * len(phase)
    return " ".join(parts)


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
