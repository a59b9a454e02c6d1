"""Chats of the workspace that hear of its tickets, for owners and admins."""
