"""What the operator may choose for the local stack: first port, data folder, which PostgreSQL, which Kafka."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from opsdash_local.errors import LocalStackError
from opsdash_local.ports import LAST_OFFSET, LOOPBACK

DEFAULT_PORT = 8000
DEFAULT_PARTITIONS = 3
KAFKA_SERVER = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
EMBEDDED, APACHE = "embedded", "apache"


@dataclass(frozen=True)
class Ports:
    """Every port of the stack follows from the first one."""

    first: int

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Ports:
        """Raises LocalStackError when PORT is not a port with room for the others behind it."""
        return cls(_number(environ, "PORT", DEFAULT_PORT, lowest=1, highest=65535 - LAST_OFFSET))

    def of_service(self, offset: int) -> int:
        return self.first + offset

    @property
    def gateway(self) -> int:
        return self.first

    @property
    def operations(self) -> int:
        return self.first + 9

    @property
    def kafka(self) -> int:
        return self.first + 10

    @property
    def postgres(self) -> int:
        return self.first + 11

    @property
    def kafka_controller(self) -> int:
        """Only Apache Kafka has one."""
        return self.first + 12

    @property
    def mail(self) -> int:
        """SMTP of the mail sink."""
        return self.first + LAST_OFFSET


@dataclass(frozen=True)
class StackSettings:
    """`database_url` and `kafka_servers` are None when the stack starts servers of its own."""

    data: Path
    ports: Ports
    database_url: str | None = None
    kafka_servers: str | None = None
    partitions: int = DEFAULT_PARTITIONS
    kafka: str = EMBEDDED

    @property
    def embedded_kafka(self) -> bool:
        return self.kafka_servers is None and self.kafka == EMBEDDED

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def gateway_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.gateway}"

    @property
    def bootstrap_servers(self) -> str:
        return self.kafka_servers or f"{LOOPBACK}:{self.ports.kafka}"

    @classmethod
    def read(cls, environ: Mapping[str, str], data: Path) -> StackSettings:
        """Raises LocalStackError that names the variable that is wrong, never a URL's password."""
        ports = Ports.read(environ)
        database_url = environ.get("DATABASE_URL") or None
        if database_url and not _is_postgresql(database_url):
            raise LocalStackError(
                "DATABASE_URL must look like postgresql://admin:password@host:5432/postgres"
                " and belong to a role that may create roles and databases"
            )
        kafka = environ.get("KAFKA") or EMBEDDED
        if kafka not in {EMBEDDED, APACHE}:
            raise LocalStackError(f"KAFKA must be {EMBEDDED} or {APACHE}")
        if kafka == APACHE and environ.get("KAFKA_BOOTSTRAP_SERVERS"):
            raise LocalStackError("KAFKA=apache starts a broker, and KAFKA_BOOTSTRAP_SERVERS names one: set only one")
        return cls(
            data=data.absolute(),
            ports=ports,
            database_url=database_url,
            kafka_servers=kafka_servers(environ),
            partitions=_number(environ, "KAFKA_PARTITIONS", DEFAULT_PARTITIONS, lowest=1, highest=1000),
            kafka=kafka,
        )


def kafka_servers(environ: Mapping[str, str], name: str = "KAFKA_BOOTSTRAP_SERVERS") -> str | None:
    """Raises LocalStackError unless they are hosts, each with or without a port."""
    servers = environ.get(name) or None
    if servers and not all(KAFKA_SERVER.fullmatch(server.strip()) for server in servers.split(",")):
        raise LocalStackError(f"{name} must look like kafka-1.example:9092,kafka-2.example:9092")
    return servers


def _number(environ: Mapping[str, str], name: str, default: int, *, lowest: int, highest: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
        raise LocalStackError(f"{name} must be a whole number from {lowest} to {highest}")
    return int(text)


def _is_postgresql(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"postgresql", "postgres"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
