"""The services of the stack as data: a further service is one more line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceSpec:
    """`port_offset` counts from the first port. With a database come `migrate` and `replay`.

    `asks` names the services whose internal routes it calls.
    """

    name: str
    port_offset: int
    has_database: bool = True
    asks: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return f"opsdash_{self.name.replace('-', '_')}"

    @property
    def role_prefix(self) -> str:
        return self.name.replace("-", "_")


GATEWAY = ServiceSpec("gateway", port_offset=0, has_database=False)
TICKETS = ServiceSpec("tickets", port_offset=1)
COMMENTS = ServiceSpec("comments", port_offset=2, asks=("tickets",))
SLA_MONITOR = ServiceSpec("sla-monitor", port_offset=3, asks=("tickets",))
BACKENDS = (TICKETS, COMMENTS, SLA_MONITOR)
SERVICES = (*BACKENDS, GATEWAY)
