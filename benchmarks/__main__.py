"""`make bench`: product, baseline and database side by side on one machine; writes RESULTS.md and results.json."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import options, results
from benchmarks.findings import Findings
from benchmarks.options import Options
from benchmarks.parts import breaches, events, growth, local, requests, servers, streams, tenancy


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
    "streams": Part("Live streams", streams.run),
    "events": Part("Event path", events.run, depends_on_broker=True),
    "breaches": Part("Breaches", breaches.run, depends_on_broker=True),
    "local": Part("The local stack", local.run),
    "servers": Part("HTTP servers", servers.run),
}
ON_REQUEST = {"growth", "servers"}
BROKERS = {"apache": "Apache Kafka", "embedded": "the embedded broker"}


def main() -> None:
    chosen = options.read(list(PARTS), __doc__)
    for name in chosen.only or [
        name for name in PARTS if name not in ON_REQUEST or (name == "growth" and chosen.grown)
    ]:
        part = PARTS[name]
        title = f"{part.title} on {BROKERS[chosen.kafka]}" if part.depends_on_broker else part.title
        load_average = results.load_average()
        print(f"{name}: {title}", flush=True)
        findings = part.run(chosen)
        results.record(_key(name, chosen.kafka), title, findings, load_average=load_average)
        results.write_page(list(dict.fromkeys(_key(name, kafka) for name in PARTS for kafka in BROKERS)))


def _key(name: str, kafka: str) -> str:
    return f"{name} on {kafka}" if PARTS[name].depends_on_broker else name


if __name__ == "__main__":
    main()
