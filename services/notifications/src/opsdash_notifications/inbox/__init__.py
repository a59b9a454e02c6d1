"""The inbox of each person: one row for each ticket they were told of."""
