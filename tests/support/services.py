"""The services by their names, found in the list of the local stack: settings, runtime and tables of each."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import sqlalchemy as sa
from opsdash_chassis.service.runtime import Runtime
from opsdash_chassis.settings import DatabaseSettings, KafkaSettings, ServiceSettings
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.services import BACKENDS, SERVICES, ServiceSpec

NAMES = [service.name for service in SERVICES]
#: Those with a database, consumers and a relay.
WITH_DATABASE = [service.name for service in BACKENDS]


def spec_of(service: str) -> ServiceSpec:
    (found,) = (one for one in SERVICES if one.name == service)
    return found


def settings_of(service: str) -> type[ServiceSettings]:
    """The one class of settings in the service's `settings.py`."""
    module = import_module(f"{spec_of(service).module}.settings")
    bases = (ServiceSettings, KafkaSettings, DatabaseSettings)
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value not in bases
    )
    return found


def local_settings_of(service: str) -> type[ServiceSettings]:
    """Those of what the local stack starts in its place: the gateway with the development issuer."""
    return LocalGatewaySettings if service == "gateway" else settings_of(service)


def revision_of(service: str) -> str:
    """The schema revision that the service needs."""
    return str(import_module(f"{spec_of(service).module}.settings").REVISION)


def runtime_of(service: str, **settings: Any) -> Runtime:
    """Not started. Addresses of other services lead nowhere unless they are given."""
    model = settings_of(service)
    elsewhere = dict.fromkeys(getattr(model, "service_urls", ()), "http://127.0.0.1:1")
    runtime: Runtime = import_module(f"{spec_of(service).module}.app").build_runtime(model(**(elsewhere | settings)))
    return runtime


def tables_of(service: str) -> sa.MetaData:
    """The tables as the service describes them in code."""
    from tests.architecture.sources import describes_tables, modules  # reads every source file

    (found,) = (module for module in modules(spec_of(service).module) if describes_tables(module))
    metadata: sa.MetaData = vars(found.load())["metadata"]
    return metadata


def tenant_tables_of(service: str) -> set[str]:
    """Names of the tables with rows of orgs."""
    return {table.name for table in tables_of(service).tables.values() if "org_id" in table.columns}
