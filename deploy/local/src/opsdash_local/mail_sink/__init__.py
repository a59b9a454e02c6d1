"""Where mails of the local stack end: an SMTP server that delivers nothing, and the pages `/dev/mail` that show them.

It is part of the local stack's gateway, in the local profile only, and keeps what came last in memory.
"""
