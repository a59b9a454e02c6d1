"""The notifications service: counts what happens to each ticket."""
