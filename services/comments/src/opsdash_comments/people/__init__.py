"""Who writes, edits and is mentioned, by user id."""
