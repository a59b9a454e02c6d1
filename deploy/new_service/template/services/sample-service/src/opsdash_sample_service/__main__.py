"""Entry point `opsdash-sample-service`."""

from __future__ import annotations

from opsdash_http.cli.command_line import Service, run

from opsdash_sample_service.settings import SERVICE, SampleServiceSettings


def main() -> None:
    """Console script."""
    run(Service(name=SERVICE, package="opsdash_sample_service", settings=SampleServiceSettings))


if __name__ == "__main__":
    main()
