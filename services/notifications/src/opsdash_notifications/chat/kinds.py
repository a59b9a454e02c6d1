"""The kinds of chat that a team channel may lead to, by the scheme of their Apprise address. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A plugin of Apprise. `parameters` are those of an address that are accepted: others make Apprise read files,
    mention people, or send more than once. `line_break` is what begins a line in that chat.
    """

    module: str
    plugin: str
    parameters: frozenset[str] = frozenset()
    has_host: bool = False
    is_markdown: bool = False
    line_break: str = "\n"


_MATTERMOST: Final = Kind("mattermost", "NotifyMattermost", frozenset({"channel"}), has_host=True)
_ROCKET: Final = Kind("rocketchat", "NotifyRocketChat", frozenset({"mode"}), has_host=True, is_markdown=True)
_MATRIX: Final = Kind("matrix", "NotifyMatrix", frozenset({"mode", "token", "version"}), has_host=True)
_NTFY: Final = Kind("ntfy", "NotifyNtfy", frozenset({"auth", "mode", "priority", "token"}), has_host=True)
KINDS: Final[Mapping[str, Kind]] = {
    "slack": Kind("slack", "NotifySlack"),
    "workflows": Kind(
        "workflows", "NotifyWorkflows", frozenset({"pa", "ver"}), has_host=True, is_markdown=True, line_break="\n\n"
    ),
    "discord": Kind("discord", "NotifyDiscord"),
    "mmosts": _MATTERMOST,
    "rockets": _ROCKET,
    "gchat": Kind("google_chat", "NotifyGoogleChat", frozenset({"thread"}), is_markdown=True),
    "matrixs": _MATRIX,
    "ntfys": _NTFY,
}
#: The same without TLS, for the local profile.
PLAIN_KINDS: Final[Mapping[str, Kind]] = {
    "mmost": _MATTERMOST,
    "rocket": _ROCKET,
    "matrix": _MATRIX,
    "ntfy": _NTFY,
}


def kinds(*, plain_http: bool) -> Mapping[str, Kind]:
    """By scheme."""
    return {**KINDS, **PLAIN_KINDS} if plain_http else KINDS
