"""Comments, replies and their earlier texts."""
