"""What row-level security costs: the same statements on PostgreSQL, as the services' role and as the administrator."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_local.services import TICKETS

from benchmarks.findings import Findings, Table
from benchmarks.options import Options
from benchmarks.seeding import SMALL, filled
from benchmarks.straight import pgbench, scripts
from benchmarks.workspace import LARGE

#: One connection, so that a run takes what one statement takes.
CONNECTIONS = 1
#: As the services run them (docs/explanation/decisions/0010-a-read-is-one-statement.md).
SETTINGS = "-c plan_cache_mode=force_generic_plan"
#: Search is left out: below row-level security it is a function of its own.
NAMES = ("list, 25 rows", "list, 50 rows", "filtered list", "detail")
_IN_ORG = "BEGIN;\nSELECT set_config('app.org_id', '{org}', true);\n{script}COMMIT;\n"


def run(options: Options) -> Findings:
    with filled(options.port, options.data / "small", SMALL) as stack:
        roles = stack.environments.database_url(TICKETS, "app"), stack.database_url(TICKETS)
        found = {name: _milliseconds(roles, name, options) for name in NAMES}
    rows = [
        (name, round(below, 3), round(without, 3), f"{below / without - 1:+.0%}")
        for name, (below, without) in found.items()
    ]
    note = (
        "pgbench, one connection, prepared: begin, set the org, the statement, commit. Both roles run the same;"
        " row-level security is forced on the role of the services, not on the administrator. The best of the rounds."
    )
    columns = ("statement", "with row-level security, ms", "without, ms", "cost")
    return Findings([Table("One transaction in one org", columns, rows, note)])


def _milliseconds(urls: Sequence[str], name: str, options: Options) -> list[float]:
    """The best of the rounds at each of the URLs, which take turns."""
    script = _IN_ORG.format(org=LARGE.id, script=scripts()[name])
    rates: list[list[float]] = [[] for _ in urls]
    for _ in range(options.rounds):
        for url, found in zip(urls, rates, strict=True):
            found.append(pgbench(url, script, connections=CONNECTIONS, seconds=int(options.seconds), settings=SETTINGS))
    return [1000 / max(found) for found in rates]
