"""The REST API: what is forwarded to the services behind it, what is composed here, and its description."""
