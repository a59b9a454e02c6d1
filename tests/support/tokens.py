"""The secrets of the services among themselves, as their settings name them."""

from __future__ import annotations

from hashlib import sha256

from opsdash_local.services import SERVICES, internal_secrets

_BY_NAME = {service.name: internal_secrets(service) for service in SERVICES}


def internal_environment(service: str) -> dict[str, str]:
    """The settings of one service; what two share has one value."""
    return {f"OPSDASH_{setting.upper()}": _made(name) for setting, name in _BY_NAME[service].items()}


def token(caller: str, asked: str) -> str:
    """What the one shows the other."""
    return internal_environment(caller)[f"OPSDASH_TOKEN_TO_{asked.replace('-', '_').upper()}"]


def _made(name: str) -> str:
    return sha256(name.encode()).hexdigest()
