"""What comments do to their ticket."""
