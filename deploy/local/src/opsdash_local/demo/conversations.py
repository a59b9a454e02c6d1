"""What people say on the demo tickets, as plain data. `{author}` and `{assignee}` stand for first names."""

from __future__ import annotations

from typing import NamedTuple


class Saying(NamedTuple):
    """`by` is a part in the conversation; `reply_to` counts from the first saying; `later` replaces the text."""

    by: str
    text: str
    reply_to: int | None = None
    later: str | None = None
    mention: str | None = None


CONVERSATIONS: tuple[tuple[Saying, ...], ...] = (
    (
        Saying("assignee", "Reproduced. The TLS handshake to `hooks.brightwater.example` times out from our EU workers"
               " only; US workers are fine."),
        Saying("author", "Thanks {assignee}. I paused retries for this endpoint so the queue stops growing.", 0,
               "Thanks {assignee}. I paused retries for this endpoint so the queue stops growing, and told the customer"
               " that we drain it by hand.", mention="assignee"),
        Saying("other", "Their firewall started blocking our new egress range on Monday. I've sent the ranges to their"
               " network team:\n\n- `203.0.113.0/26`\n- `198.51.100.64/27`"),
        Saying("assignee", "Confirmed open from their side. Draining now, about 20 minutes left.", 2),
    ),
    (
        Saying("assignee", "Both charges are in the ledger, the second one came from a retried webhook. Refunding the"
               " charge of the 5th now."),
        Saying("author", "Great, please add the credit note to the ticket when it is out. @{assignee}", 0,
               mention="assignee"),
    ),
    (
        Saying("author", "Happens in Safari 18 on two machines, **not** in a private window."),
        Saying("assignee", "That points at the cookie: it is set before the redirect and Safari drops it. Asked"
               " {author} for a HAR file.", 0),
        Saying("author", "Sent by e-mail, it has personal data in it.", 0),
        Saying("other", "Same report from another customer, linking both.", mention="author"),
    ),
    (
        Saying("assignee", "A byte order mark would break two imports we know of. Would a *second* download button"
               " help?\n\n> UTF-8 with a byte order mark would help."),
    ),
    (
        Saying("assignee", "Waiting for the signed form, sent on Tuesday."),
        Saying("author", "Reminded them today.", 0),
    ),
)  # fmt: skip
