"""The `opsdash` command: run the local stack, watch its events, make secrets."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from opsdash_local import terminal
from opsdash_local.errors import LocalStackError, explained

#: Data and logs hold what people wrote, and secrets: nobody else on the machine reads them.
PRIVATE = 0o077


def main(arguments: Sequence[str] | None = None) -> None:
    """Console script. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted while starting."""
    terminal.prepare()
    options = _parser().parse_args(arguments)
    try:
        sys.exit(options.command(options))
    except LocalStackError as error:
        sys.exit(f"opsdash: {error}")
    except OSError as error:
        if (known := explained(error)) is None:
            raise
        sys.exit(f"opsdash: {known}")
    except KeyboardInterrupt:
        sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="opsdash", description="The local stack of OpsDash Support.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="start everything; Ctrl-C stops it")
    run.add_argument("--data", type=Path, default=Path(os.environ.get("DATA") or ".data"), help="data folder")
    run.add_argument("--with-parent", action="store_true", help="stop when the parent process dies")
    run.set_defaults(command=_run)
    events = commands.add_parser("events", help="show events as they are published")
    events.add_argument("--org", help="only of this org: its slug or id")
    events.add_argument("--type", help="only these event types, for example 'support_ticket.*'")
    events.add_argument("--from-beginning", action="store_true", help="first everything the broker still has")
    events.add_argument("--json", action="store_true", help="one JSON object a line")
    events.add_argument("--bootstrap", help="Kafka servers; default: those of the local stack")
    events.set_defaults(command=_events)
    secrets = commands.add_parser("secrets", help="make the secrets of the compose stack or of a test cluster")
    secrets.add_argument("--folder", type=Path, default=Path(".secrets"), help="where they are kept")
    secrets.add_argument("--kubernetes", action="store_true", help="print manifests instead of writing files")
    secrets.set_defaults(command=_secrets)
    return parser


def _run(options: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415 - each command imports what it needs

    from opsdash_local import stack  # noqa: PLC0415 - the same
    from opsdash_local.processes import end_with_parent  # noqa: PLC0415 - the same
    from opsdash_local.progress import Progress  # noqa: PLC0415 - the same
    from opsdash_local.settings import StackSettings  # noqa: PLC0415 - the same

    os.umask(PRIVATE)
    if options.with_parent:
        end_with_parent()
    return stack.run(StackSettings.read(os.environ, options.data), Progress(Console(file=terminal.output())))


def _events(options: argparse.Namespace) -> int:
    from opsdash_local.events.tail import tail  # noqa: PLC0415 - each command imports what it needs

    tail(options)
    return 0


def _secrets(options: argparse.Namespace) -> int:
    from opsdash_local import secret_files  # noqa: PLC0415 - each command imports what it needs

    return secret_files.main(options)


if __name__ == "__main__":
    main()
