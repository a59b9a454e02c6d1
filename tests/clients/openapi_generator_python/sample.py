"""A walk through the API with a client that openapi-generator made for Python."""

import json
import os
from uuid import uuid4

from opsdash import (
    ApiClient,
    BulkChange,
    Category,
    CommentsApi,
    Configuration,
    CreateComment,
    CreateTicket,
    FirstComments,
    LiveApi,
    PatchTicket,
    Priority,
    Status,
    TicketsApi,
)

org = os.environ["OPSDASH_ORG"]
client = ApiClient(Configuration(host=os.environ["OPSDASH_URL"], access_token=os.environ["OPSDASH_TOKEN"]))
tickets = TicketsApi(client)

made = tickets.create_ticket_with_http_info(
    org, CreateTicket(title="Made by Python", priority=Priority.HIGH), idempotency_key=str(uuid4())
)
ticket = made.data
reference = str(ticket.id)

listed, cursor, more = [], None, True
while more:
    page = tickets.list_tickets(org, limit=2, sort="number", cursor=cursor)
    listed += [row.number for row in page.items]
    cursor = page.next_cursor
    more = cursor is not None

comment = CommentsApi(client).create_comment(org, reference, CreateComment(body="Looking into it, **one moment**."))

# What it is depends on its `status`: FirstComments, or UnavailablePart.
part = tickets.get_ticket(org, reference).comments.actual_instance
comments = [one.body for one in part.items] if isinstance(part, FirstComments) else []

ledger = tickets.get_sla_ledger(org, os.environ["OPSDASH_TICKET"])
change = BulkChange(ids=[ticket.id, uuid4()], patch=PatchTicket(category=Category.TECHNICAL))
bulk = tickets.change_tickets_in_bulk(org, change)
csv = tickets.export_tickets(org)

# Without preload the answer is read while it comes.
stream = LiveApi(client).follow_events_without_preload_content(org)
text = stream.read1().decode()  # it has begun: what changes from now on is told
tickets.patch_ticket(org, reference, PatchTicket(status=Status.IN_PROGRESS))
while "event: ticket\n" not in text:
    text += stream.read1().decode()
stream.close()

print(
    json.dumps(
        {
            "number": ticket.number,
            "etag": made.headers["etag"],
            "listed": listed,
            "comment": comment.body,
            "comments": comments,
            "entries": [entry.kind for entry in ledger.entries],
            "bulk": [item.status for item in bulk.items],
            "csv": len(csv.strip().splitlines()) - 1,
            "stream": "ticket",
        }
    )
)
