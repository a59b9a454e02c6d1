"""What happened to a ticket and its comments, in the order of time."""
