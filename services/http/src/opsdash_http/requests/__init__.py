"""Parsing and validation of requests: headers, host, query, bodies, conditional and idempotent writes."""
