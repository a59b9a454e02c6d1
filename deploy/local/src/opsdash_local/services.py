"""The services of the stack as data: a further service is one more line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceSpec:
    """`port_offset` counts from the first port. With a database come `migrate` and `replay`.

    `asks` names the services whose internal routes it calls, each with a token of its own. `lets_in` names services
    for which it has a token though they do not ask it yet. `passes_on_to` names those it reaches with its callers'
    own tokens. With `has_cursors` it signs the cursors of its lists.
    `local_program` is started here instead of the service's own.
    """

    name: str
    port_offset: int
    has_database: bool = True
    asks: tuple[str, ...] = ()
    lets_in: tuple[str, ...] = ()
    passes_on_to: tuple[str, ...] = ()
    has_cursors: bool = False
    local_program: str | None = None

    @property
    def module(self) -> str:
        """The service as it is delivered, and its jobs."""
        return f"opsdash_{self.name.replace('-', '_')}"

    @property
    def program(self) -> str:
        """The module that serves in the local stack."""
        return self.local_program or self.module

    @property
    def role_prefix(self) -> str:
        return _prefix(self.name)


GATEWAY = ServiceSpec(
    "gateway",
    port_offset=0,
    has_database=False,
    asks=("tickets", "sla-monitor"),
    passes_on_to=("comments", "notifications"),
    local_program="opsdash_local.gateway",  # with the development issuer
)
TICKETS = ServiceSpec("tickets", port_offset=1, has_cursors=True)
COMMENTS = ServiceSpec("comments", port_offset=2, asks=("tickets",), has_cursors=True)
SLA_MONITOR = ServiceSpec("sla-monitor", port_offset=3, asks=("tickets",))
NOTIFICATIONS = ServiceSpec("notifications", port_offset=4, asks=("tickets", "comments"), has_cursors=True)
#: All but the gateway. `make new-service` adds its line here.
BACKENDS = (
    TICKETS,
    COMMENTS,
    SLA_MONITOR,
    NOTIFICATIONS,
)
SERVICES = (*BACKENDS, GATEWAY)


def internal_secrets(service: ServiceSpec) -> dict[str, str]:
    """The names under which secrets are kept, by the setting of this service that has them."""
    found = {f"token_to_{_prefix(asked)}": _token(service.name, asked) for asked in service.asks}
    callers = [caller for caller in SERVICES if service.name in caller.asks or caller.name in service.lets_in]
    found |= {f"token_from_{caller.role_prefix}": _token(caller.name, service.name) for caller in callers}
    return found | ({"cursor_secret": f"{service.role_prefix}_cursor_secret"} if service.has_cursors else {})


def _token(caller: str, asked: str) -> str:
    return f"token_{_prefix(caller)}_{_prefix(asked)}"


def _prefix(name: str) -> str:
    return name.replace("-", "_")
