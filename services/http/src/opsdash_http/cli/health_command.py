"""`opsdash-health`: exit code 0 when the process beside it is live; what a container's health check runs.

Standard library only: it runs every few seconds and must not cost what a service costs to import.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
from collections.abc import Sequence

SECONDS = 3.0
DEFAULT_PORT = "8000"


def is_live(port: int) -> bool:
    """Whether /livez of this machine answers 200; the status alone, in time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Console script; reads the port from the settings of the service."""
    argparse.ArgumentParser(prog="opsdash-health", description=__doc__).parse_args(arguments)
    port = os.environ.get("OPSDASH_OPERATIONS_PORT") or os.environ.get("OPSDASH_HTTP_PORT") or DEFAULT_PORT
    sys.exit(0 if is_live(int(port)) else 1)


if __name__ == "__main__":
    main()
