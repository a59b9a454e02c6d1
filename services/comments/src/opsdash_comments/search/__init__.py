"""Comments found by their words, and their index."""
