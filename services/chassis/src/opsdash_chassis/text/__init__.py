"""Text: RFC 3339 timestamps and blank checks."""
