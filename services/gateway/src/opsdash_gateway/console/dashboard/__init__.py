"""Where a person arrives: the way to their workspace, its numbers, their preferences."""
