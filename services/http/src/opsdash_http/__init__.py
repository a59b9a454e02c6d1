"""Serves an application over HTTP: problems, request checks, tokens, operations, telemetry, server and command line."""
