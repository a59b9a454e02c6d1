"""Settings of the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

from opsdash_chassis.setting_types import Count, HttpUrl, NonEmpty, PerSecond, RotatingSecret, Secret, ShownSecret
from opsdash_chassis.settings import PREFIX, KafkaSettings, Profile
from pydantic import SecretStr, field_validator, model_validator

#: Of an authorization request; each is given by the console or another setting.
OWN_PARAMETERS = frozenset({
    "client_id", "code_challenge", "code_challenge_method", "login_hint", "nonce", "redirect_uri", "response_type",
    "scope", "state", "ui_locales",
})  # fmt: skip

NO_ISSUER_HERE = (
    "the development issuer is part of the local stack (make run; its gateway is opsdash-local-gateway); here name"
    f" your identity provider in {PREFIX}OIDC_ISSUER"
)


class GatewaySettings(KafkaSettings):
    """Where the services are, who may feed the workspace or run the sweep, and sign-in."""

    service_urls = ("tickets_url", "comments_url", "notifications_url", "sla_monitor_url")
    advice: ClassVar[Mapping[str, str]] = {
        "oidc_issuer": "name your identity provider; the local stack (make run) brings one of its own",
        "dev_issuer_key_file": NO_ISSUER_HERE,
        "dev_people_file": NO_ISSUER_HERE,
        "dev_mail_port": "the mail sink is part of the local stack (make run; its gateway is opsdash-local-gateway)",
    }

    tickets_url: HttpUrl
    comments_url: HttpUrl
    notifications_url: HttpUrl | None = None
    sla_monitor_url: HttpUrl
    token_to_tickets: ShownSecret
    token_to_sla_monitor: ShownSecret
    workspace_token: Secret
    cron_secret: RotatingSecret
    public_url: HttpUrl
    oidc_client_id: NonEmpty
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: NonEmpty = "openid profile"
    oidc_authorization_parameters: str | None = None
    session_secret: RotatingSecret
    user_requests_per_second: PerSecond = 50
    user_request_burst: Count = 100
    user_requests_at_once: Count = 10
    address_requests_per_second: PerSecond = 100
    address_request_burst: Count = 1000
    allowed_hosts: str | None = None
    live_streams: Count = 5000
    live_streams_per_user: Count = 20
    pseudo_locale: bool = False
    plates_url: HttpUrl | None = None

    @field_validator("oidc_scopes")
    @classmethod
    def _openid_is_asked_for(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must contain openid")
        return value

    @field_validator("oidc_authorization_parameters")
    @classmethod
    def _parameters_are_others(cls, value: str | None) -> str | None:
        """Those of the protocol itself are ours to give."""
        try:
            given = dict(parse_qsl(value or "", keep_blank_values=True, strict_parsing=bool(value)))
        except ValueError:
            raise ValueError("must be written like a query: audience=https://api.example.com&prompt=login") from None
        if taken := given.keys() & OWN_PARAMETERS:
            raise ValueError(f"must not set {', '.join(sorted(taken))}")
        return value

    @field_validator("oidc_client_secret")
    @classmethod
    def _client_secret_is_whole(cls, value: SecretStr | None) -> SecretStr | None:
        text = "x" if value is None else value.get_secret_value()
        if not text or text != text.strip():
            raise ValueError("is empty or has surrounding white space")
        return value

    @model_validator(mode="after")
    def _operations_have_a_port_of_their_own(self) -> Self:
        if self.operations_port is None and self.profile is not Profile.LOCAL:
            raise ValueError(
                f"{PREFIX}OPERATIONS_PORT is missing: in the production profile metrics, probes, the sync API and cron"
                " are not served on the port that the world reaches"
            )
        return self

    @model_validator(mode="after")
    def _browsers_are_served_over_tls(self) -> Self:
        """The issuer sends people here with a code, and the session cookie travels back and forth."""
        for name in ("public_url", "oidc_issuer"):
            if self.profile is not Profile.LOCAL and not getattr(self, name).startswith("https://"):
                raise ValueError(f"{PREFIX}{name.upper()} must use https in the production profile")
        return self

    @model_validator(mode="after")
    def _pseudo_locale_is_local(self) -> Self:
        if self.pseudo_locale and self.profile is not Profile.LOCAL:
            raise ValueError(f"{PREFIX}PSEUDO_LOCALE exists in the local profile only")
        return self

    @property
    def hosts(self) -> frozenset[str]:
        """The names under which people and clients call; in the local profile any."""
        if self.profile is Profile.LOCAL:
            return frozenset()
        names = [urlsplit(self.public_url).hostname or "", *(self.allowed_hosts or "").split(",")]
        return frozenset(name.strip().lower() for name in names if name.strip())

    @property
    def origin(self) -> str:
        """What a browser names as the origin of our pages."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"
