"""Typed settings of a service process, read from the environment or from files.

A bad configuration is refused at start: `ConfigurationError` names every setting that is wrong and never its value.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NoReturn, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from opsdash_chassis.setting_types import CHECKS_OF_SECRETS, NonEmpty, Port, PostgresqlUrl, asks_for_tls

PREFIX = "OPSDASH_"
EXIT_BAD_CONFIGURATION = 2
#: Settings of an earlier release, and what to do instead. Who still gives one is told, and served.
RETIRED: Mapping[str, str] = {
    f"{PREFIX}REPLICAS": "limits need it no more; what checks the room for connections is"
    f" {PREFIX}DATABASE_MAXIMUM_REPLICAS"
}
#: What Apache Kafka lets into a group unless told otherwise (group.min.session.timeout.ms).
SHORTEST_SESSION_SECONDS = 6

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


class ConfigurationError(Exception):
    """The process must not start; the message names the settings, never their values."""


class Profile(StrEnum):
    PRODUCTION = "production"
    LOCAL = "local"


class ServiceSettings(BaseSettings):
    """What every process needs: profile, HTTP, identity provider.

    A token `token_to_x` is what this service shows the service x, `token_from_x` what that one shows this one.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=False
    )

    profile: Profile = Profile.PRODUCTION
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    http_host: NonEmpty = "127.0.0.1"
    http_port: Port = 8000
    operations_port: Port | None = None
    oidc_issuer: NonEmpty
    oidc_audience: NonEmpty
    oidc_jwks_url: NonEmpty
    oidc_algorithms: NonEmpty = "RS256,ES256,EdDSA"
    oidc_user_claim: NonEmpty = "sub"
    oidc_user_ids: Literal["uuid", "derived"] = "uuid"
    otlp_endpoint: str | None = None
    stall_log_seconds: Annotated[float, Field(gt=0, le=60)] = 2.0
    stall_exit_seconds: Annotated[float, Field(gt=0, le=600)] = 20.0
    plaintext_network: Literal["accepted"] | None = None
    trusted_proxies: str | None = None

    #: The settings that name other services.
    service_urls: ClassVar[tuple[str, ...]] = ()
    #: What to do when a setting is missing, or given and unknown; by its name as a field.
    advice: ClassVar[Mapping[str, str]] = {}

    @field_validator("oidc_algorithms")
    @classmethod
    def _only_asymmetric(cls, value: str) -> str:
        names = value.split(",")
        if not set(names) <= {"RS256", "ES256", "EdDSA"} or len(set(names)) != len(names):
            raise ValueError("must list RS256, ES256 or EdDSA only")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str | None) -> str | None:
        for text in [] if value is None else value.split(","):
            try:
                ip_network(text)
            except ValueError:
                raise ValueError("must list addresses or networks such as 10.0.0.0/8, with commas between") from None
        return value

    @model_validator(mode="after")
    def _no_debug_and_no_plain_http_in_production(self) -> Self:
        if self.profile is Profile.LOCAL:
            return self
        if self.log_level == "DEBUG":
            raise ValueError(f"{PREFIX}LOG_LEVEL must not be DEBUG in the production profile")
        if not self.oidc_jwks_url.startswith("https://"):
            raise ValueError(f"{PREFIX}OIDC_JWKS_URL must use https in the production profile")
        return self

    @model_validator(mode="after")
    def _secrets_differ(self) -> Self:
        """Each secret is used for one purpose, so that one that leaks opens nothing else."""
        known: set[str] = set()
        for name, info in type(self).model_fields.items():
            if not any(isinstance(part, AfterValidator) and part.func in CHECKS_OF_SECRETS for part in info.metadata):
                continue
            values = set(getattr(self, name).get_secret_value().split(","))
            if values & known:
                raise ValueError(f"{PREFIX}{name.upper()} must differ from the other secrets")
            known |= values
        return self

    @model_validator(mode="after")
    def _nothing_is_sent_in_plain_text(self) -> Self:
        """In the production profile, unless the operator answers for the network."""
        if self.profile is Profile.LOCAL or self.plaintext_network:
            return self
        refusals = [
            f"{PREFIX}{name.upper()} must use {how} in the production profile; where the network between the services"
            f" is encrypted or trusted, {PREFIX}PLAINTEXT_NETWORK=accepted says so"
            for name, how in self.in_plain_text()
        ]
        if refusals:
            raise ValueError("\n".join(refusals))
        return self

    def in_plain_text(self) -> Iterator[tuple[str, str]]:
        """The settings that ask for no TLS, and how they would."""
        for name in self.service_urls:
            if not (getattr(self, name) or "https://").startswith("https://"):
                yield name, "https"

    @property
    def algorithms(self) -> tuple[str, ...]:
        return tuple(self.oidc_algorithms.split(","))


class KafkaConnection(BaseSettings):
    """Where the brokers are and how to be let in; all that the topic job needs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    kafka_bootstrap_servers: NonEmpty
    kafka_security_protocol: Annotated[str, Field(pattern="^(PLAINTEXT|SSL|SASL_SSL)$")] = "PLAINTEXT"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ca_file: str | None = None

    @model_validator(mode="after")
    def _sasl_is_complete(self) -> Self:
        if self.kafka_security_protocol == "SASL_SSL" and not (self.kafka_sasl_username and self.kafka_sasl_password):
            raise ValueError(f"SASL_SSL needs {PREFIX}KAFKA_SASL_USERNAME and {PREFIX}KAFKA_SASL_PASSWORD")
        return self


class KafkaSettings(KafkaConnection, ServiceSettings):
    """Processes that publish or consume events."""

    kafka_idempotent_producer: bool = True
    kafka_partitions: Annotated[int, Field(ge=1, le=1000)] = 12

    def in_plain_text(self) -> Iterator[tuple[str, str]]:
        yield from super().in_plain_text()
        if self.kafka_security_protocol == "PLAINTEXT":
            yield "kafka_security_protocol", "SSL or SASL_SSL"

    @model_validator(mode="after")
    def _idempotent_outside_local(self) -> Self:
        if self.profile is Profile.PRODUCTION and not self.kafka_idempotent_producer:
            raise ValueError(f"{PREFIX}KAFKA_IDEMPOTENT_PRODUCER may be off in the local profile only")
        return self


class DatabaseSettings(KafkaSettings):
    """Services that own a database."""

    database_url: PostgresqlUrl
    database_worker_url: PostgresqlUrl
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    database_worker_pool_size: Annotated[int, Field(ge=1, le=50)] = 4
    database_maximum_replicas: Annotated[int, Field(ge=1, le=1000)] = 1
    database_start_timeout_seconds: Annotated[float, Field(ge=0, le=3600)] = 60
    kafka_session_timeout_seconds: Annotated[float, Field(ge=1, le=300)] = 10
    relay_poll_seconds: Annotated[float, Field(gt=0, le=10)] = 1.0
    inbox_retention_hours: Annotated[int, Field(ge=1)] = 24 * 60
    crash_at: str | None = None

    @property
    def database_connections(self) -> int:
        """Of one replica; the relay has one more than the pools."""
        return self.database_pool_size + self.database_worker_pool_size + 1

    def in_plain_text(self) -> Iterator[tuple[str, str]]:
        yield from super().in_plain_text()
        for name in ("database_url", "database_worker_url"):
            if not asks_for_tls(getattr(self, name)):
                yield name, "sslmode=verify-full"

    @model_validator(mode="after")
    def _short_sessions_are_for_the_embedded_broker(self) -> Self:
        if self.profile is Profile.PRODUCTION and self.kafka_session_timeout_seconds < SHORTEST_SESSION_SECONDS:
            reason = f"may be less than {SHORTEST_SESSION_SECONDS} in the local profile only: Apache Kafka refuses it"
            raise ValueError(f"{PREFIX}KAFKA_SESSION_TIMEOUT_SECONDS {reason}")
        return self

    @model_validator(mode="after")
    def _crash_points_are_for_tests(self) -> Self:
        if self.crash_at and self.profile is Profile.PRODUCTION:
            raise ValueError(f"{PREFIX}CRASH_AT exists in the local profile only")
        return self


class MigrationSettings(BaseSettings):
    """What the migration job needs: the owner role, nothing else."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    database_owner_url: PostgresqlUrl


class ProvisionSettings(MigrationSettings):
    """What the provision job needs: a role that may create roles and databases, and the URLs that are to work."""

    database_admin_url: PostgresqlUrl
    database_url: PostgresqlUrl
    database_worker_url: PostgresqlUrl


def _values_from_files(cls: type[BaseSettings], environ: Mapping[str, str]) -> dict[str, Any]:
    """Read OPSDASH_X_FILE into X, for secrets mounted as files; a trailing newline is not part of a secret."""
    values: dict[str, Any] = {}
    for key, path in environ.items():
        name = key.removeprefix(PREFIX).lower()
        field = name.removesuffix("_file")
        if not key.startswith(PREFIX) or name in cls.model_fields or field not in cls.model_fields:
            continue
        try:
            values[field] = Path(path).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{key}: the file cannot be read ({type(error).__name__})") from error
    return values


def _unknown_keys(cls: type[BaseSettings], environ: Mapping[str, str]) -> list[str]:
    known = {f"{PREFIX}{name.upper()}" for name in cls.model_fields}
    known |= {f"{name}_FILE" for name in known}
    return sorted(key for key in environ if key.upper().startswith(PREFIX) and key not in {*known, *RETIRED})


def retired_settings(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Those that are given and not read any more, and what to do instead."""
    return {key: advice for key, advice in RETIRED.items() if key in (os.environ if environ is None else environ)}


def load_settings(
    cls: type[SettingsT], environ: Mapping[str, str] | None = None, *, unknown_refused: bool = True
) -> SettingsT:
    """Of one service, or of a job in its environment. Raises ConfigurationError: a line each, `OPSDASH_NAME: reason`.

    Unknown OPSDASH_ keys are problems too, in whatever case: a mistyped name would silently leave a default in force,
    and the settings library also reads names in small letters.
    """
    environ = os.environ if environ is None else environ
    problems = [_refusal(cls, key, "unknown setting") for key in _unknown_keys(cls, environ)] if unknown_refused else []
    try:
        settings = cls(**_values_from_files(cls, environ))
    except ValidationError as error:
        problems += [_describe(cls, detail) for detail in error.errors(include_input=False, include_url=False)]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return settings


def _describe(cls: type[BaseSettings], detail: Any) -> str:
    key = f"{PREFIX}{str(detail['loc'][0]).upper()}" if detail["loc"] else ""
    if key and detail["type"] == "missing":
        return _refusal(cls, key, "is missing")
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if key else message


def _refusal(cls: type[BaseSettings], key: str, reason: str) -> str:
    advice = getattr(cls, "advice", {}).get(key.removeprefix(PREFIX).lower())
    return f"{key}: {reason}; {advice}" if advice else f"{key}: {reason}"


def exit_with(error: Exception, code: int = EXIT_BAD_CONFIGURATION) -> NoReturn:
    """Print the problems on stderr and leave; used by entry points only."""
    for line in str(error).splitlines():
        sys.stderr.write(f"configuration: {line}\n")
    raise SystemExit(code)
