"""The replica of tickets, each with how far its comments have come, and the way of a request into one."""
