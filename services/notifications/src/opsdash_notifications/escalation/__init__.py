"""Owners and admins are told of a breach that lasts."""
