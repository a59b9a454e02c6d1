"""Typed settings of a service process, read from the environment or from files.

A bad configuration is refused at start: `ConfigurationError` names every setting that is wrong and never its value.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "OPSDASH_"
EXIT_BAD_CONFIGURATION = 2
MINIMUM_SECRET_BYTES = 32
PLACEHOLDERS = ("changeme", "change-me", "secret", "password", "placeholder", "example", "xxxx", "todo")

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


class ConfigurationError(Exception):
    """The process must not start; the message names the settings, never their values."""


class Profile(StrEnum):
    PRODUCTION = "production"
    LOCAL = "local"


def check_secret(value: SecretStr) -> SecretStr:
    """A shared secret, or two with a comma while rotating: each of 32 bytes or more, untrimmed, no placeholder."""
    for text in value.get_secret_value().split(","):
        if text != text.strip():
            raise ValueError("has surrounding white space")
        if len(text.encode()) < MINIMUM_SECRET_BYTES:
            raise ValueError(f"is shorter than {MINIMUM_SECRET_BYTES} bytes")
        if len(set(text)) < 8 or any(word in text.lower() for word in PLACEHOLDERS):  # noqa: PLR2004 - fewer is none
            raise ValueError("is a placeholder, not a secret")
    return value


def _check_rotating_secret(value: SecretStr) -> SecretStr:
    """One secret, or two with a comma between them while it is being rotated."""
    if value.get_secret_value().count(",") > 1:
        raise ValueError("names more than two secrets")
    return check_secret(value)


def _check_postgresql_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("must be a postgresql:// URL")
    return value


def _check_http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or "@" in value or "?" in value or "#" in value:
        raise ValueError("must be a plain http:// or https:// URL")
    return value.rstrip("/")


Secret = Annotated[SecretStr, AfterValidator(check_secret)]
RotatingSecret = Annotated[SecretStr, AfterValidator(_check_rotating_secret)]
PostgresqlUrl = Annotated[SecretStr, AfterValidator(_check_postgresql_url)]
NonEmpty = Annotated[str, Field(min_length=1)]
HttpUrl = Annotated[NonEmpty, AfterValidator(_check_http_url)]
Port = Annotated[int, Field(ge=1, le=65535)]


class ServiceSettings(BaseSettings):
    """What every process needs: profile, HTTP, identity provider, internal token."""

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
    internal_token: Secret
    otlp_endpoint: str | None = None
    replicas: Annotated[int, Field(ge=1, le=1000)] = 1

    @field_validator("oidc_algorithms")
    @classmethod
    def _only_asymmetric(cls, value: str) -> str:
        names = value.split(",")
        if not set(names) <= {"RS256", "ES256", "EdDSA"} or len(set(names)) != len(names):
            raise ValueError("must list RS256, ES256 or EdDSA only")
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
    kafka_start_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60

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
    relay_poll_seconds: Annotated[float, Field(gt=0, le=10)] = 1.0
    inbox_retention_hours: Annotated[int, Field(ge=1)] = 24 * 60
    crash_at: str | None = None

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
    return sorted(key for key in environ if key.startswith(PREFIX) and key not in known)


def load_settings(
    cls: type[SettingsT], environ: Mapping[str, str] | None = None, *, unknown_refused: bool = True
) -> SettingsT:
    """Read and check the settings of one service, or of a job that runs in a service's environment.

    Raises ConfigurationError: one line a problem, `OPSDASH_NAME: reason`; unknown OPSDASH_ keys are problems too,
    because a mistyped name would otherwise silently leave a default in force.
    """
    environ = os.environ if environ is None else environ
    problems = [f"{key}: unknown setting" for key in _unknown_keys(cls, environ)] if unknown_refused else []
    try:
        settings = cls(**_values_from_files(cls, environ))
    except ValidationError as error:
        problems += [_describe(detail) for detail in error.errors(include_input=False, include_url=False)]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return settings


def _describe(detail: Any) -> str:
    message = "is missing" if detail["type"] == "missing" else str(detail["msg"]).removeprefix("Value error, ")
    if not detail["loc"]:
        return message
    return f"{PREFIX}{str(detail['loc'][0]).upper()}: {message}"


def exit_with(error: Exception, code: int = EXIT_BAD_CONFIGURATION) -> NoReturn:
    """Print the problems on stderr and leave; used by entry points only."""
    for line in str(error).splitlines():
        sys.stderr.write(f"configuration: {line}\n")
    raise SystemExit(code)
