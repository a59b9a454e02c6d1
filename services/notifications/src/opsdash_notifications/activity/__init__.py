"""Activity: how much happened to each ticket."""
