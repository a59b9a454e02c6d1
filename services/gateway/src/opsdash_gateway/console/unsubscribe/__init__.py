"""Turning mails off by the link in a mail, without signing in."""
