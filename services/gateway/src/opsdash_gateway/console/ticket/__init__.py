"""One ticket: the drawer over the list, its properties, comments, activity and SLA ledger."""
