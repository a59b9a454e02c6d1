"""Chats: which addresses lead to one, what a message says there, and how it is sent."""
