"""A walk through the API with a client that openapi-python-client made."""

import json
import os
from uuid import UUID, uuid4

from opsdash import AuthenticatedClient
from opsdash.api.comments import create_comment
from opsdash.api.tickets import (
    change_tickets_in_bulk,
    create_ticket,
    export_tickets,
    get_sla_ledger,
    get_ticket,
    list_tickets,
    patch_ticket,
)
from opsdash.models import (
    BulkChange,
    Category,
    CreateComment,
    CreateTicket,
    FirstComments,
    PatchTicket,
    Priority,
    Problem,
    Status,
)

org = os.environ["OPSDASH_ORG"]
client = AuthenticatedClient(base_url=os.environ["OPSDASH_URL"], token=os.environ["OPSDASH_TOKEN"])


def done(answer):
    """The answer, or an end with the problem that came instead."""
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(f"not done: {answer}")
    return answer


made = create_ticket.sync_detailed(
    org,
    client=client,
    body=CreateTicket(title="Made by Python", priority=Priority.HIGH),
    idempotency_key=str(uuid4()),
)
ticket = done(made.parsed)
reference = str(ticket.id)

listed, cursor = [], ""
while cursor is not None:
    page = done(list_tickets.sync(org, client=client, limit=2, sort="number", **({"cursor": cursor} if cursor else {})))
    listed += [row.number for row in page.items]
    cursor = page.next_cursor

comment = done(
    create_comment.sync(org, reference, client=client, body=CreateComment(body="Looking into it, **one moment**."))
)

detail = done(get_ticket.sync(org, reference, client=client))
comments = [one.body for one in detail.comments.items] if isinstance(detail.comments, FirstComments) else []

ledger = done(get_sla_ledger.sync(org, os.environ["OPSDASH_TICKET"], client=client))

bulk = done(
    change_tickets_in_bulk.sync(
        org,
        client=client,
        body=BulkChange(ids=[ticket.id, uuid4()], patch=PatchTicket(category=Category.TECHNICAL)),
    )
)

csv = done(export_tickets.sync(org, client=client))

# The generated method waits for the end of an answer; the client below it has the address and the token.
with client.get_httpx_client().stream("GET", f"/api/orgs/{org}/events") as stream:
    lines = stream.iter_lines()
    next(lines)  # it has begun: what changes from now on is told
    done(patch_ticket.sync(org, reference, client=client, body=PatchTicket(status=Status.IN_PROGRESS)))
    event = next(line for line in lines if line == "event: ticket")

assert isinstance(ticket.id, UUID)
print(
    json.dumps(
        {
            "number": ticket.number,
            "etag": made.headers["ETag"],
            "listed": listed,
            "comment": comment.body,
            "comments": comments,
            "entries": [entry.kind for entry in ledger.entries],
            "bulk": [item.status for item in bulk.items],
            "csv": len(csv.strip().splitlines()) - 1,
            "stream": event.removeprefix("event: "),
        }
    )
)
