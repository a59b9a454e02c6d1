"""The inbox: what this person was told, and what they do with it."""
