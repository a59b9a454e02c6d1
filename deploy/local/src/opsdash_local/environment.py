"""The environment of every service process of the local stack."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.ports import LOOPBACK
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import BACKENDS, GATEWAY, NOTIFICATIONS, ServiceSpec, internal_secrets
from opsdash_local.settings import StackSettings

AUDIENCE = "opsdash-support"
CLIENT_ID = "opsdash-console"
ISSUER_PATH = "/dev"
JWKS_PATH = "/dev/jwks"
MAIL_FROM = "support@opsdash.example"
ROLES = ("owner", "app", "worker")


@dataclass(frozen=True)
class Environments:
    """Builds settings from the operator's choices, the secrets, and the URL of the database administrator."""

    settings: StackSettings
    secrets: SecretStore
    admin_url: str

    @property
    def people_file(self) -> Path:
        return self.settings.data / "people.json"

    def of(self, service: ServiceSpec) -> dict[str, str]:
        """The complete environment of a service, nothing of ours inherited from the operator's shell."""
        own = self._common(service) | self._urls((*service.asks, *service.passes_on_to))
        if service.has_database:
            own |= self._database(service)
        if service is GATEWAY:
            own |= self._gateway()
        if service is NOTIFICATIONS:
            own |= self._outwards()
        return inherited() | own

    def for_migration(self, service: ServiceSpec) -> dict[str, str]:
        return inherited() | {"OPSDASH_DATABASE_OWNER_URL": self.database_url(service, "owner")}

    def for_topics(self) -> dict[str, str]:
        return inherited() | {"OPSDASH_KAFKA_BOOTSTRAP_SERVERS": self.settings.bootstrap_servers}

    def passwords(self, service: ServiceSpec) -> dict[str, str]:
        return {role: self.secrets.get(f"{service.role_prefix}_{role}") for role in ROLES}

    def database_url(self, service: ServiceSpec, role: str) -> str:
        """The administrator's server, entered as one of the service's own roles."""
        parts = urlsplit(self.admin_url)
        host = parts.netloc.rpartition("@")[2]
        user = f"{service.role_prefix}_{role}:{quote(self.passwords(service)[role], safe='')}"
        return urlunsplit(parts._replace(netloc=f"{user}@{host}", path=f"/{service.role_prefix}"))

    def _common(self, service: ServiceSpec) -> dict[str, str]:
        settings = self.settings
        return {
            "OPSDASH_PROFILE": "local",
            "OPSDASH_LOG_LEVEL": "INFO",
            "OPSDASH_HTTP_HOST": LOOPBACK,
            "OPSDASH_HTTP_PORT": str(settings.ports.of_service(service.port_offset)),
            "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": str(not settings.embedded_kafka).lower(),
            "OPSDASH_KAFKA_PARTITIONS": str(settings.partitions),
            "OPSDASH_OIDC_ISSUER": f"{settings.gateway_url}{ISSUER_PATH}",
            "OPSDASH_OIDC_AUDIENCE": AUDIENCE,
            "OPSDASH_OIDC_JWKS_URL": f"{settings.gateway_url}{JWKS_PATH}",
            **{
                f"OPSDASH_{setting.upper()}": self.secrets.get(name)
                for setting, name in internal_secrets(service).items()
            },
        }

    def _database(self, service: ServiceSpec) -> dict[str, str]:
        own = {
            "OPSDASH_DATABASE_URL": self.database_url(service, "app"),
            "OPSDASH_DATABASE_WORKER_URL": self.database_url(service, "worker"),
        }
        if self.settings.embedded_kafka:
            own["OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS"] = str(EmbeddedKafka.session_seconds)
        return own

    def _urls(self, names: Iterable[str]) -> dict[str, str]:
        """Where other services are, under the names of their settings."""
        known = set(names)
        wanted = [service for service in BACKENDS if service.name in known]
        return {
            f"OPSDASH_{service.role_prefix.upper()}_URL": (
                f"http://{LOOPBACK}:{self.settings.ports.of_service(service.port_offset)}"
            )
            for service in wanted
        }

    def _outwards(self) -> dict[str, str]:
        """Mails go to the sink in the gateway, messages to the chats that people name."""
        return {
            "OPSDASH_SMTP_HOST": LOOPBACK,
            "OPSDASH_SMTP_PORT": str(self.settings.ports.mail),
            "OPSDASH_SMTP_TLS": "none",
            "OPSDASH_MAIL_FROM": MAIL_FROM,
            "OPSDASH_MAIL_LINK_SECRET": self.secrets.get("mail_link_secret"),
            "OPSDASH_CHANNEL_SECRET": self.secrets.get("channel_secret"),
            "OPSDASH_PUBLIC_URL": self.settings.gateway_url,
        }

    def _gateway(self) -> dict[str, str]:
        settings = self.settings
        return {
            "OPSDASH_OPERATIONS_PORT": str(settings.ports.operations),
            "OPSDASH_PUBLIC_URL": settings.gateway_url,
            "OPSDASH_PLATES_URL": "https://opsdash.example/plates",
            "OPSDASH_WORKSPACE_TOKEN": self.secrets.get("workspace_token"),
            "OPSDASH_CRON_SECRET": self.secrets.get("cron_secret"),
            "OPSDASH_SESSION_SECRET": self.secrets.get("session_secret"),
            "OPSDASH_OIDC_CLIENT_ID": CLIENT_ID,
            "OPSDASH_DEV_ISSUER_KEY_FILE": str(settings.data / "dev-issuer-key.pem"),
            "OPSDASH_DEV_PEOPLE_FILE": str(self.people_file),
            "OPSDASH_DEV_MAIL_PORT": str(settings.ports.mail),
        }


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The shell's environment without settings of ours and without credentials that are not for services.

    Variables of PostgreSQL's clients stay for a server of the operator's only. Logs are UTF-8 on every terminal.
    """
    hidden = ("OPSDASH_", "DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", *(() if environ.get("DATABASE_URL") else ("PG",)))
    kept = {name: value for name, value in environ.items() if not name.startswith(hidden)}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
