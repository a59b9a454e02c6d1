"""What a service reads from its environment, by the names of its settings."""

from __future__ import annotations

from collections.abc import Mapping

from opsdash_chassis.settings import PREFIX


def settings_in(environment: Mapping[str, str]) -> dict[str, str]:
    """For `Settings(**settings_in(environment))`."""
    return {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
