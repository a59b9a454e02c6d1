"""Command line of a service process: serve, provision, migrate, replay, dead letters, health check."""
