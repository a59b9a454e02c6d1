"""Services, databases and the broker away, with what follows from that."""

from __future__ import annotations

from tests.deploy.alerts.fault import (
    JOB,
    LONG,
    NO_BREACH_JOB,
    OVERDUE,
    SHORT,
    Fault,
    down,
    first,
    gone,
    missed,
    one,
    to,
    without_database,
)
from tests.deploy.alerts.world import BACKENDS, SERVICES, TICKET_TOPIC, deployment, of_all

SERVERS = (
    *(
        Fault(
            f"no process of {job} is left",
            "ServiceDown",
            gone(job) | missed(job) | (NO_BREACH_JOB if job == "sla-monitor" else {}),
            (down(job),),
            watched_minutes=LONG if job == "sla-monitor" else SHORT,
        )
        for job in SERVICES
        if job != "gateway"
    ),
    Fault(
        "no process of the gateway is left",
        "ServiceDown",
        gone("gateway") | NO_BREACH_JOB,
        (down("gateway"),),
        watched_minutes=LONG,
    ),
    Fault(
        "no process of tickets answers",
        "ServiceDown",
        gone("tickets") | missed("tickets") | to(0, of_all("up", "tickets"), [deployment("tickets")]),
        (down("tickets"),),
        watched_minutes=SHORT,
    ),
    Fault(
        "everything is down",
        "ServiceDown",
        gone(*SERVICES) | NO_BREACH_JOB | to(0, map(deployment, SERVICES)),
        tuple(down(job) for job in SERVICES),
        watched_minutes=LONG,
    ),
    Fault(
        "replicas run and refuse to serve",
        "ServiceNotReady",
        to(0, [deployment("tickets")]) | missed("tickets"),
        one("tickets: replicas are up, and none is ready", **JOB),
        watched_minutes=SHORT,
    ),
    *(
        Fault(
            f"the database of {job} is away",
            "DatabaseAway",
            without_database(job) | (OVERDUE | NO_BREACH_JOB if job == "sla-monitor" else {}),
            one(f"{job}: its database is away or takes no writes", job=job),
            watched_minutes=LONG if job == "sla-monitor" else SHORT,
        )
        for job in BACKENDS
    ),
    Fault(
        "the broker is away",
        "BrokerAway",
        {
            **to(0, of_all("opsdash_dependency_up", *SERVICES, dependency="kafka")),
            **to(1, first("opsdash_dependency_up", dependency="kafka")),  # reads nothing, so it has not noticed
            **to(0, of_all("opsdash_relay_leader", *BACKENDS)),
            **to(900, of_all("opsdash_outbox_oldest_seconds", *BACKENDS)),
            **to(1, first("opsdash_consumer_paused", **TICKET_TOPIC)),
        },
        one("No service reaches the broker; writes go on and their events wait"),
        watched_minutes=SHORT,
    ),
    Fault(
        "one replica does not reach the broker",
        "DependencyAway",
        to(0, first("opsdash_dependency_up", dependency="kafka")),
        one("tickets does not reach kafka", **JOB, dependency="kafka"),
    ),
    Fault(
        "one replica does not reach the database",
        "DependencyAway",
        to(0, first("opsdash_dependency_up", dependency="database")),
        one("tickets does not reach database", **JOB, dependency="database"),
    ),
    Fault(
        "the network between two services that serve",
        "DependencyAway",
        to(0, of_all("opsdash_dependency_up", "comments", dependency="tickets")),
        one("comments does not reach tickets", job="comments", dependency="tickets"),
    ),
)
