"""The HTTP half of the chassis: problems, request checks, tokens, operations routes, telemetry and the server."""
