"""Messages leave to team channels, and a channel that takes none for long is disabled."""
