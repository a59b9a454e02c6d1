"""Plumbing every service shares; no business word in it."""
