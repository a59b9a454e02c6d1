"""The daily mail of what is overdue, at the hour that a person chose."""
