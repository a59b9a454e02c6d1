"""Settings of a gateway that has the development issuer."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from opsdash_chassis.settings import PREFIX, Profile
from opsdash_gateway.settings import GatewaySettings
from pydantic import model_validator


class LocalGatewaySettings(GatewaySettings):
    """Those of the gateway, and the two files of the development issuer."""

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
