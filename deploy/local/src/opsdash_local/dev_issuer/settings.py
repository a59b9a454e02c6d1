"""Settings of a gateway that has the development issuer and the mail sink."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from opsdash_chassis.setting_types import Port
from opsdash_chassis.settings import PREFIX, Profile
from opsdash_gateway.settings import GatewaySettings
from pydantic import model_validator


class LocalGatewaySettings(GatewaySettings):
    """Those of the gateway, the two files of the development issuer, and where the mail sink listens."""

    dev_issuer_key_file: Path | None = None
    dev_people_file: Path | None = None
    dev_mail_port: Port | None = None

    @model_validator(mode="after")
    def _mail_sink_is_local(self) -> Self:
        """Whoever reaches it reads all mails."""
        if self.dev_mail_port is not None and self.profile is not Profile.LOCAL:
            raise ValueError(f"{PREFIX}DEV_MAIL_PORT exists in the local profile only")
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
