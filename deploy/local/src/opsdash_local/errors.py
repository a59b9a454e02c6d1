"""The one error the local stack shows to its user: a sentence that says what is wrong and what to do."""


class LocalStackError(Exception):
    """The stack cannot start or go on; the message is complete and is printed as it is."""


class PortInUseError(LocalStackError):
    """Another program listens on a port the stack needs."""

    def __init__(self, port: int, purpose: str) -> None:
        super().__init__(
            f"port {port} (for {purpose}) is already in use. Stop the program that listens there,"
            " or move the whole stack: PORT=9000 make run"
        )
        self.port = port


class NoSpaceError(LocalStackError):
    """The disk that holds the data folder is full, or nearly so."""
