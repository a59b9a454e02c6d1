"""`opsdash-health`: exit code 0 when the process beside it is live; what a container's health check runs.

With `--ready` it is about readiness, and prints what the process says of it.

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


def ask(port: int, path: str) -> tuple[bool, str]:
    """Whether that path of this machine answers 200 in time, and what it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status == http.client.OK, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, f"nothing answers on port {port}: {error!r}"
    finally:
        connection.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Console script; reads the port from the settings of the service."""
    parser = argparse.ArgumentParser(prog="opsdash-health", description=__doc__)
    parser.add_argument("--ready", action="store_true", help="ask for readiness, and print the answer")
    options = parser.parse_args(arguments)
    port = os.environ.get("OPSDASH_OPERATIONS_PORT") or os.environ.get("OPSDASH_HTTP_PORT") or DEFAULT_PORT
    good, said = ask(int(port), "/readyz" if options.ready else "/livez")
    if options.ready:
        sys.stdout.write(f"{said}\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
