"""Limits per caller: request rate, processor time, concurrent requests."""
