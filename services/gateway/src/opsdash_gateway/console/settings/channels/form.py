"""The form of a team channel, and what was typed as the service's request body; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import uuid_utils

from opsdash_gateway.console.settings.channels.schemas import Channel

#: Those that a new channel begins with.
SUGGESTED: Final = ("assigned", "sla_warning", "sla_breached", "sla_escalated")
#: Kinds of chats by the scheme of their address, with an example of it.
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "slack": ("Slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#support"),
    "workflows": ("Microsoft Teams", "workflows://example.westeurope.logic.azure.com:443/<workflow>/<signature>"),
    "discord": ("Discord", "discord://<webhook id>/<webhook token>"),
    "mmosts": ("Mattermost", "mmosts://chat.example.com/<hook>"),
    "rockets": ("Rocket.Chat", "rockets://<first part of the hook>/<second part>@chat.example.com/#support"),
    "gchat": ("Google Chat", "gchat://<space>/<key>/<token>"),
    "matrixs": ("Matrix", "matrixs://<user>:<password>@matrix.example.com/#support:example.com"),
    "ntfys": ("ntfy", "ntfys://ntfy.example.com/<topic>"),
}


@dataclass(frozen=True)
class Form:
    """What the fields hold. `shown` is what may be seen of the address that is stored."""

    name: str = ""
    address: str = ""
    shown: str = ""
    reasons: Sequence[str] = SUGGESTED
    priorities: Sequence[str] = field(default_factory=list)
    categories: Sequence[str] = field(default_factory=list)
    version: int = 0
    key: str = ""


def empty_form() -> Form:
    """Of a new channel, with a key of its own: sending it twice adds one."""
    return Form(key=str(uuid_utils.uuid7()))


def form_of(channel: Channel) -> Form:
    return Form(
        name=channel.name,
        shown=channel.address,
        reasons=channel.reasons,
        priorities=channel.filter.priorities,
        categories=channel.filter.categories,
        version=channel.version,
    )


def typed_form(sent: Sequence[tuple[str, str]], *, shown: str = "", version: int = 0) -> Form:
    """What was sent, repeated fields as lists."""
    last = dict(sent)
    lists = {name: [value for key, value in sent if key == name] for name in ("reason", "priority", "category")}
    return Form(
        name=last.get("name", ""),
        address=last.get("address", "").strip(),
        shown=shown,
        reasons=lists["reason"],
        priorities=lists["priority"],
        categories=lists["category"],
        version=version,
        key=last.get("key", ""),
    )


def body_of(form: Form) -> dict[str, Any]:
    """The request's body; without an address the stored one stays."""
    body: dict[str, Any] = {
        "name": form.name,
        "reasons": list(form.reasons),
        "filter": {"priorities": list(form.priorities), "categories": list(form.categories)},
    }
    return body | ({"address": form.address} if form.address or not form.shown else {})
