"""Who was told what, and why somebody was not: the history of notices, and its events."""
