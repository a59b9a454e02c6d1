"""What this service knows of tickets: which there are, and whose they are."""
