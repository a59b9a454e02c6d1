"""The address of a chat as a person types it: checked by having a plugin compose a message that is not sent."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Final

import structlog
from apprise import AppriseAsset, NotifyFormat
from apprise.exception import AppriseException
from opsdash_http.client.typed_address import AddressRefused
from opsdash_http.security.encryption import last_characters

from opsdash_notifications.chat import compat
from opsdash_notifications.chat.attempt import Inspection
from opsdash_notifications.chat.kinds import Kind, kinds

log = structlog.get_logger(__name__)

LONGEST_ADDRESS: Final = 1000
_INCOMPLETE: Final = "It is not complete: see the examples for this kind of chat."
_ASSET: Final = AppriseAsset(
    app_id="OpsDash Support",
    app_desc="OpsDash Support",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    http_redirects=False,
)


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """One that may be used. `shown` is what may be seen of it: what kind of chat, where, and its last characters."""

    text: str
    scheme: str
    shown: str


def check_address(text: str, *, plain_http: bool) -> ChatAddress:
    """Loads the plugin, which takes a moment: not for the event loop. Raises AddressRefused, without the address."""
    scheme, kind, plugin = _plugin(text, plain_http=plain_http)
    inspection = Inspection(plain_http=plain_http)
    compose(plugin, kind, ["Test"], inspection.exchange)
    if inspection.refusal is not None:
        raise inspection.refusal
    if not inspection.hosts:
        raise AddressRefused(_INCOMPLETE)
    host = f"{inspection.hosts[0]}/" if kind.has_host else ""
    return ChatAddress(text, scheme, f"{scheme}://{host}…{last_characters(text)}")


def open_plugin(text: str, *, plain_http: bool) -> tuple[Kind, Any]:
    """What composes messages for an address. Raises AddressRefused."""
    _, kind, plugin = _plugin(text, plain_http=plain_http)
    return kind, plugin


def compose(plugin: Any, kind: Kind, lines: list[str], exchange: compat.Exchange) -> bool:
    """Let a plugin write the message; what it wants to send goes to `exchange`. Whether the answer is a success."""
    token = compat.EXCHANGE.set(exchange)
    try:
        # Nothing is converted from one form to another: the lines are harmless in each.
        form = NotifyFormat.MARKDOWN if kind.is_markdown else NotifyFormat.TEXT
        return bool(plugin.notify(body=kind.line_break.join(lines), title="", body_format=form))
    except Exception as error:  # noqa: BLE001 - a chat may answer anything, and plugins believe what they read
        # So none of their errors keeps a failure from being counted. Its text may hold the address or an answer.
        log.warning("chat_plugin_failed", plugin=kind.plugin, reason=type(error).__name__)
        return False
    finally:
        compat.EXCHANGE.reset(token)


def _plugin(text: str, *, plain_http: bool) -> tuple[str, Kind, Any]:
    allowed = kinds(plain_http=plain_http)
    scheme = text.partition("://")[0].lower()
    kind = allowed.get(scheme)
    if kind is None:
        raise AddressRefused(f"It must begin with one of {', '.join(f'{name}://' for name in allowed)}.")
    if len(text) > LONGEST_ADDRESS or not text.isascii() or not text.isprintable() or " " in text:
        raise AddressRefused(f"It may have {LONGEST_ADDRESS} characters at most, without spaces.")
    plugin = getattr(importlib.import_module(f"apprise.plugins.{kind.module}"), kind.plugin)
    compat.write_only()
    # A channel's name may begin with "#", which would begin the fragment of an address.
    parsed = plugin.parse_url(text.replace("#", "%23"))
    if not parsed:
        raise AddressRefused(_INCOMPLETE)
    return scheme, kind, _made(plugin, kind, parsed)


def _made(plugin: Any, kind: Kind, parsed: dict[str, Any]) -> Any:
    given = {name.lower() for group in ("qsd", "qsd+", "qsd-", "qsd:") for name in parsed.get(group, {})}
    if foreign := sorted(given - kind.parameters):
        raise AddressRefused(f"It may not have the parameter {foreign[0][:20]!r}.")
    if kind.module == "matrix":
        parsed["e2ee"] = False  # it would make a new device for each message
    try:
        made = plugin(**parsed, asset=_ASSET)
    except (AppriseException, TypeError, ValueError) as error:
        raise AddressRefused(_INCOMPLETE) from error
    compat.never_wait(made)
    return made
