"""Plumbing every service shares below HTTP; no business word in it."""
