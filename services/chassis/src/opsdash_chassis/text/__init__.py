"""Text: Markdown rendering, RFC 3339 timestamps and blank checks."""
