"""Every fault that an alert is for."""

from __future__ import annotations

from tests.deploy.alerts.world import (
    BACKENDS,
    GONE,
    JOB,
    LAST_BREACH_JOB,
    LONG,
    NO_BREACH_JOB,
    ON_TOPIC,
    OVERDUE,
    ROUTE,
    SERVICES,
    SHORT,
    TICKET_TOPIC,
    Fault,
    deployment,
    down,
    failing,
    first,
    gone,
    missed,
    of_all,
    one,
    to,
    without_database,
)

#: Services, databases and the broker away, with what follows from that.
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

MAILS = (
    Fault(
        "the mail server is away",
        "DependencyAway",
        to(0, of_all("opsdash_dependency_up", "notifications", dependency="smtp"))
        | to(3600, of_all("opsdash_mail_late_seconds", "notifications")),
        one("notifications does not reach smtp", job="notifications", dependency="smtp"),
    ),
    Fault(
        "mails wait though the mail server answers",
        "MailsLate",
        to(1200, first("opsdash_mail_late_seconds", "notifications")),
        one("A mail that could leave has been waiting for 20m 0s"),
    ),
    Fault(
        "the mail server refuses",
        "MailsRefused",
        to(1, first("opsdash_mails_total", "notifications", outcome="refused")),
        one("More than ten mails were refused within an hour"),
        minutes=6,
    ),
)

CHATS = (
    Fault(
        "messages wait though the chats do not fail",
        "TeamMessagesLate",
        to(600, first("opsdash_team_message_late_seconds", "notifications")),
        one("A message to a chat has been waiting for 10m 0s though its chat does not fail"),
    ),
    Fault(
        "no chat can be reached",
        "TeamChannelsFail",
        to(3, of_all("opsdash_team_channels_failing", "notifications"))
        | to(0, of_all("opsdash_team_messages_total", "notifications", scheme="slack", outcome="sent")),
        one("3 team channels fail, and no chat has taken a message for an hour"),
        minutes=61,
    ),
    Fault(
        "the secret of addresses was replaced",
        "TeamAddressesUnreadable",
        to(2, of_all("opsdash_team_addresses_unreadable", "notifications")),
        one("2 addresses of team channels cannot be decrypted"),
    ),
)

FAULTS = (*SERVERS, *EVENTS, *REQUESTS, *DUE_TIMES, *MAILS, *CHATS)
