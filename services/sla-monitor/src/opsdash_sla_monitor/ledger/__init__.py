"""What happened to the due time of a ticket."""
