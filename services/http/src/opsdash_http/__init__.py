"""The HTTP half of the chassis: problems, request checks, tokens, operations, telemetry and the server."""
