"""Every fault that an alert is for."""

from __future__ import annotations

from tests.deploy.alerts.fault import JOB, NO_BREACH_JOB, ON_TOPIC, OVERDUE, Fault, failing, first, one, to
from tests.deploy.alerts.server_faults import SERVERS
from tests.deploy.alerts.world import GONE, LAST_BREACH_JOB, ROUTE, TICKET_TOPIC, of_all

EVENTS = (
    Fault(
        "the broker confirms nothing",
        "EventsNotPublished",
        to(90, first("opsdash_outbox_oldest_seconds")),
        one("tickets: events wait in the outbox for 1m 30s; no write is lost", **JOB),
    ),
    Fault(
        "no relay leads",
        "NobodyPublishes",
        to(0, of_all("opsdash_relay_leader", "tickets")),
        one("tickets: no replica publishes events", **JOB),
    ),
    Fault(
        "an event is too large",
        "EventParked",
        to(3, first("opsdash_outbox_parked_events")),
        one("tickets: 3 events are too large for their topic", **JOB),
    ),
    Fault(
        "messages are set aside",
        "DeadLetters",
        to(1, first("opsdash_dead_letters_total", **TICKET_TOPIC, reason="handler-failed")),
        one(
            "tickets: messages of opsdash.support.tickets.v1 were set aside (handler-failed)",
            **ON_TOPIC,
            reason="handler-failed",
        ),
    ),
    Fault(
        "a message is held",
        "ConsumerPaused",
        to(1, first("opsdash_consumer_paused", **TICKET_TOPIC)),
        one("tickets holds a message of opsdash.support.tickets.v1", **ON_TOPIC),
    ),
    Fault(
        "one message does not go through",
        "MessageHeldLong",
        to(900, first("opsdash_consumer_held_seconds", **TICKET_TOPIC)),
        one("tickets has held the same message of opsdash.support.tickets.v1 for 15m 0s", **ON_TOPIC),
    ),
    Fault(
        "more comes than is handled",
        "ConsumerFallsBehind",
        to(800, of_all("opsdash_consumer_lag_messages", "tickets", **TICKET_TOPIC)),
        one("tickets is 1600 messages of opsdash.support.tickets.v1 behind", **ON_TOPIC),
    ),
    Fault(
        "recurring work fails",
        "HousekeepingFails",
        to(1, first("opsdash_housekeeping_failures_total", task="prune")),
        one("tickets: prune ended with an unexpected error and is tried again", **JOB, task="prune"),
    ),
)

REQUESTS = (
    Fault(
        "the clock of one machine",
        "ClockWrong",
        to(45, first("opsdash_clock_difference_seconds")),
        one(
            "The clock of tickets-1:9000 (tickets) is 45 s off the database's",
            **JOB,
            instance="tickets-1:9000",
        ),
    ),
    Fault(
        "every second request fails",
        "RequestsFail",
        failing("tickets"),
        one("tickets answers 50% of its requests with an error of ours", **JOB),
        minutes=6,
        gap_seconds=30,
    ),
    Fault(
        "every request takes two seconds",
        "RequestsSlow",
        to(0, *(of_all("opsdash_http_request_seconds_bucket", "tickets", **ROUTE, le=le) for le in ("0.1", "1.0"))),
        one("tickets: one request in a hundred takes longer than 2.485s", **JOB),
        minutes=6,
        gap_seconds=240,
    ),
    Fault(
        "the event loop stands again and again",
        "EventLoopStands",
        to(1, first("opsdash_event_loop_stalls_total")),
        one("tickets answered nobody for seconds, 20 times in ten minutes", **JOB),
        minutes=12,
    ),
)

DUE_TIMES = (
    Fault(
        "nothing due is claimed",
        "BreachesNotTold",
        OVERDUE,
        one("A due ticket has been waiting for its notice for 5m 0s"),
    ),
    Fault(
        "breaches come late",
        "BreachesLate",
        to(0, *(of_all("opsdash_sla_breach_lateness_seconds_bucket", "sla-monitor", le=le) for le in ("1.0", "15.0"))),
        one("Breaches are told 59.55s late"),
        minutes=12,
    ),
    Fault(
        "the tickets service confirms nothing",
        "BreachesUnconfirmed",
        to(1, first("opsdash_sla_notices_total", "sla-monitor", kind="breach", confirmed="false")),
        one("Breaches were told without the tickets service confirming them"),
    ),
    Fault(
        "calls to the tickets service fail",
        "OwnerNotAnswering",
        to(1, of_all("opsdash_sla_owner_failures_total", "sla-monitor")),
        one("The SLA monitor gets no answer from the tickets service"),
        minutes=6,
        gap_seconds=30,
    ),
    Fault(
        "a version is missing",
        "EventsMissing",
        to(1, first("opsdash_sla_version_gaps_total", "sla-monitor")),
        one("Ticket events never came to the SLA monitor"),
    ),
    Fault(
        "an event was missing",
        "EventsMissing",
        to(1, first("opsdash_sla_repaired_total", "sla-monitor", cause="missing_event")),
        one("Ticket events never came to the SLA monitor"),
    ),
    Fault(
        "the breach job fails since some time",
        "CronJobFails",
        NO_BREACH_JOB,
        one("No run of the breach job has succeeded for 35m 30s"),
        minutes=25,
        gap_seconds=25 * 60,
    ),
    Fault(
        "the breach job has failed from the start, or nobody knows",
        "CronJobNeverSucceeded",
        {LAST_BREACH_JOB: GONE},
        one(
            "No run of the breach job has ever succeeded, or kube-state-metrics tells nothing",
            namespace="opsdash",
            cronjob="sla-breaches",
        ),
    ),
)

FAULTS = (*SERVERS, *EVENTS, *REQUESTS, *DUE_TIMES)
