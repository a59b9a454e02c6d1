"""What a run was asked to do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """`grown` is 0 when growth is not to be measured."""

    port: int
    data: Path
    rounds: int
    seconds: float
    grown: int
    kafka: str
    streams: int
    record: bool
    only: tuple[str, ...]


def read(parts: Sequence[str], description: str | None, arguments: Sequence[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(prog="make bench", description=description)
    parser.add_argument("--only", type=lambda text: tuple(text.split(",")), default=(), metavar=",".join(parts))
    parser.add_argument(
        "--kafka",
        choices=["embedded", "apache"],
        default="embedded",
        help="broker of streams, events, breaches and notices",
    )
    parser.add_argument("--grown", type=int, default=0, help="also compare with a database of that many tickets")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--streams", type=int, default=1000, help="open live streams")
    parser.add_argument("--port", type=int, default=9600)
    parser.add_argument(
        "--data", type=Path, default=Path(".data-bench"), help="databases and results, kept between runs"
    )
    parser.add_argument("--record", action="store_true", help="publish: write benchmarks/results.json and RESULTS.md")
    options = Options(**vars(parser.parse_args(arguments)))
    if unknown := set(options.only) - set(parts):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    return options
