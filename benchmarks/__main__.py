"""`make bench`: product, baseline and database side by side on one machine; prints each table when it is measured.

The figures are kept in the data folder as well; `--record` writes the published ones beside this file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import options, results
from benchmarks.findings import Findings
from benchmarks.options import Options
from benchmarks.parts import (
    breaches,
    client,
    events,
    growth,
    local,
    notices,
    peer,
    requests,
    servers,
    shortcuts,
    storage,
    streams,
    tenancy,
)


@dataclass(frozen=True)
class Part:
    """What `--only` can name. Of a part that depends on the broker the results of both are kept."""

    title: str
    run: Callable[[Options], Findings]
    depends_on_broker: bool = False


PARTS = {
    "requests": Part("Requests", requests.run),
    "growth": Part("Growth of the database", growth.run),
    "tenancy": Part("Row-level security", tenancy.run),
    "streams": Part("Live streams", streams.run, depends_on_broker=True),
    "events": Part("Event path", events.run, depends_on_broker=True),
    "breaches": Part("Breaches", breaches.run, depends_on_broker=True),
    "notices": Part("Notices", notices.run, depends_on_broker=True),
    "storage": Part("Storage", storage.run),
    "local": Part("The local stack", local.run),
    "shortcuts": Part("Shortcuts", shortcuts.run),
    "client": Part("The client of the gateway", client.run),
    "peer": Part("A peer: Request Tracker 5", peer.run),
    "servers": Part("HTTP servers", servers.run),
}
#: Not measured unless asked for: they need more data or another package, or compare with what we do not run.
ON_REQUEST = {"client", "growth", "peer", "servers", "shortcuts"}
BROKERS = {"apache": "Apache Kafka", "embedded": "the embedded broker"}


def main() -> None:
    """Each part is kept when it is done; one that fails leaves its old results and the others go on."""
    chosen = options.read(list(PARTS), __doc__)
    kept = results.Results(results.PUBLISHED if chosen.record else chosen.data / "results")
    failed = []
    for name in chosen.only or _usual(chosen):
        try:
            _measure(name, chosen, kept)
        except (SystemExit, TimeoutError, subprocess.CalledProcessError) as error:
            failed.append(name)
            print(f"{name} was not measured: {error or type(error).__name__}", file=sys.stderr, flush=True)
    print(f"all tables: {os.path.relpath(kept.page)}")
    if failed:
        raise SystemExit(f"not measured: {', '.join(failed)}")


def _usual(chosen: Options) -> list[str]:
    return [name for name in PARTS if name not in ON_REQUEST or (name == "growth" and chosen.grown)]


def _measure(name: str, chosen: Options, kept: results.Results) -> None:
    part = PARTS[name]
    title = f"{part.title} on {BROKERS[chosen.kafka]}" if part.depends_on_broker else part.title
    load_average = results.load_average()
    print(f"{name}: {title}", flush=True)
    findings = part.run(chosen)
    part_kept = kept.record(_key(name, chosen.kafka), title, findings, load_average=load_average)
    kept.write_page(list(dict.fromkeys(_key(known, kafka) for known in PARTS for kafka in BROKERS)))
    print("\n".join(results.markdown(part_kept)), flush=True)


def _key(name: str, kafka: str) -> str:
    return f"{name} on {kafka}" if PARTS[name].depends_on_broker else name


if __name__ == "__main__":
    main()
