"""Deadlines: the due time of each ticket, kept up to its events."""
