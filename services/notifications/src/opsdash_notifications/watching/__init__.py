"""Who watches a ticket, and who has muted it."""
