"""Creating a ticket."""
