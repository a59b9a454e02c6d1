"""The life of a service process: startup checks, background tasks, clock check, ordered shutdown."""
