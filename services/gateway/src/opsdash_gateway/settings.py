"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from opsdash_chassis.settings import PREFIX, HttpUrl, KafkaSettings, Profile, RotatingSecret, Secret
from pydantic import Field, model_validator


class GatewaySettings(KafkaSettings):
    """Where the services are, who may feed the workspace or run the sweep, and the local development issuer."""

    tickets_url: HttpUrl
    comments_url: HttpUrl
    sla_monitor_url: HttpUrl
    workspace_token: Secret
    cron_secret: RotatingSecret
    public_url: HttpUrl
    user_requests_per_second: Annotated[float, Field(gt=0)] = 50
    user_request_burst: Annotated[int, Field(ge=1)] = 100
    dev_issuer_key_file: Path | None = None
    dev_people_file: Path | None = None

    @model_validator(mode="after")
    def _development_issuer_is_local(self) -> Self:
        """Both files or none, and never outside the local profile: that issuer signs in anybody on its list."""
        for name in ("dev_issuer_key_file", "dev_people_file"):
            if getattr(self, name) is not None and self.profile is not Profile.LOCAL:
                raise ValueError(f"{PREFIX}{name.upper()} exists in the local profile only")
        if (self.dev_issuer_key_file is None) != (self.dev_people_file is None):
            raise ValueError(f"{PREFIX}DEV_ISSUER_KEY_FILE and {PREFIX}DEV_PEOPLE_FILE belong together")
        return self

    @model_validator(mode="after")
    def _tokens_differ(self) -> Self:
        """One leaked secret must not open two doors."""
        internal = self.internal_token.get_secret_value()
        if self.workspace_token.get_secret_value() == internal:
            raise ValueError(f"{PREFIX}WORKSPACE_TOKEN must differ from {PREFIX}INTERNAL_TOKEN")
        others = {internal, self.workspace_token.get_secret_value()}
        if others & set(self.cron_secret.get_secret_value().split(",")):
            raise ValueError(f"{PREFIX}CRON_SECRET must differ from the other tokens")
        return self
