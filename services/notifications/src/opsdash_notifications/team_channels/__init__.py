"""Team channels: chats that an org has named, for which reasons they hear of tickets, and what is to leave to them."""
