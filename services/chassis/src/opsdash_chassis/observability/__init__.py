"""Logs, metrics, traces, health checks, and the states of event loop, descriptors and dependencies."""
