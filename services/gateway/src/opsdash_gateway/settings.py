"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from opsdash_chassis.settings import PREFIX, HttpUrl, KafkaSettings, NonEmpty, Profile, RotatingSecret, Secret
from pydantic import Field, SecretStr, field_validator, model_validator


class GatewaySettings(KafkaSettings):
    """Where the services are, who may feed the workspace or run the sweep, sign-in, and the development issuer."""

    tickets_url: HttpUrl
    comments_url: HttpUrl
    sla_monitor_url: HttpUrl
    workspace_token: Secret
    cron_secret: RotatingSecret
    public_url: HttpUrl
    oidc_client_id: NonEmpty
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: NonEmpty = "openid profile"
    session_secret: RotatingSecret
    user_requests_per_second: Annotated[float, Field(gt=0)] = 50
    user_request_burst: Annotated[int, Field(ge=1)] = 100
    live_streams: Annotated[int, Field(ge=1)] = 5000
    live_streams_per_user: Annotated[int, Field(ge=1)] = 20
    dev_issuer_key_file: Path | None = None
    dev_people_file: Path | None = None
    pseudo_locale: bool = False
    plates_url: HttpUrl | None = None

    @field_validator("oidc_scopes")
    @classmethod
    def _openid_is_asked_for(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must contain openid")
        return value

    @field_validator("oidc_client_secret")
    @classmethod
    def _client_secret_is_whole(cls, value: SecretStr | None) -> SecretStr | None:
        text = "x" if value is None else value.get_secret_value()
        if not text or text != text.strip():
            raise ValueError("is empty or has surrounding white space")
        return value

    @model_validator(mode="after")
    def _browsers_are_served_over_tls(self) -> Self:
        """The issuer sends people here with a code, and the session cookie travels back and forth."""
        for name in ("public_url", "oidc_issuer"):
            if self.profile is not Profile.LOCAL and not getattr(self, name).startswith("https://"):
                raise ValueError(f"{PREFIX}{name.upper()} must use https in the production profile")
        return self

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
    def _pseudo_locale_is_local(self) -> Self:
        if self.pseudo_locale and self.profile is not Profile.LOCAL:
            raise ValueError(f"{PREFIX}PSEUDO_LOCALE exists in the local profile only")
        return self

    @model_validator(mode="after")
    def _tokens_differ(self) -> Self:
        """One leaked secret must not open two doors."""
        tokens = {"WORKSPACE_TOKEN": self.workspace_token, "CRON_SECRET": self.cron_secret}
        tokens |= {"SESSION_SECRET": self.session_secret}
        known = set(self.internal_token.get_secret_value().split(","))
        for name, secret in tokens.items():
            values = set(secret.get_secret_value().split(","))
            if values & known:
                raise ValueError(f"{PREFIX}{name} must differ from the other secrets")
            known |= values
        return self

    @property
    def origin(self) -> str:
        """What a browser names as the origin of our pages."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"
