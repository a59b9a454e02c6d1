"""Reminders: what a person asks to be told again of a ticket, and when."""
