"""Calls to the services behind the gateway, and what they answer."""
