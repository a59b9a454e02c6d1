"""Entry point `opsdash-comments`."""

from __future__ import annotations

from opsdash_http.cli.command_line import Service, run

from opsdash_comments.settings import SERVICE, CommentsSettings


def main() -> None:
    """Console script."""
    run(Service(name=SERVICE, package="opsdash_comments", settings=CommentsSettings))


if __name__ == "__main__":
    main()
