"""What this service asks of the comments service."""
