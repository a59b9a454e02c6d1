"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from opsdash_chassis.settings import PREFIX, HttpUrl, KafkaSettings, Profile, Secret
from pydantic import model_validator


class GatewaySettings(KafkaSettings):
    """Where the owner services are, who may feed the workspace, and the local development issuer."""

    tickets_url: HttpUrl
    workspace_token: Secret
    public_url: HttpUrl
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
        if self.workspace_token.get_secret_value() == self.internal_token.get_secret_value():
            raise ValueError(f"{PREFIX}WORKSPACE_TOKEN must differ from {PREFIX}INTERNAL_TOKEN")
        return self
