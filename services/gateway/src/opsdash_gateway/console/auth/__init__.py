"""Signing in and out at an identity provider, and the session that a cookie holds."""
