"""The HTTP/1.1 server process: protocol, writes and graceful shutdown."""
