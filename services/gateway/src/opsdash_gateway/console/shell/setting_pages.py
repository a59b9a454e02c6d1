"""Which pages of settings there are, and which of them a person is offered; the frame and the side bar list these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opsdash_gateway.console.i18n.languages import N_
from opsdash_gateway.upstream.client import Service, UpstreamClient, Upstreams

MANAGERS: Final = frozenset({"owner", "admin"})
EVERYBODY: Final = MANAGERS | {"member", "viewer"}


@dataclass(frozen=True)
class SettingPage:
    """`name` is the last part of its address; there is no such page where `service` is not installed."""

    name: str
    label: str
    icon: str
    service: Service
    roles: frozenset[str] = EVERYBODY
    is_of_workspace: bool = False

    def exists(self, upstreams: Upstreams) -> bool:
        upstream: UpstreamClient = getattr(upstreams, self.service)
        return upstream.is_installed


SETTING_PAGES: Final = (
    SettingPage("notifications", N_("Notifications"), "bell", "notifications"),
    SettingPage(
        "workspace-notifications",
        N_("Notifications of the workspace"),
        "users",
        "notifications",
        roles=MANAGERS,
        is_of_workspace=True,
    ),
    SettingPage("channels", N_("Channels"), "message-square", "notifications", roles=MANAGERS, is_of_workspace=True),
)


def offered(role: str, upstreams: Upstreams) -> list[SettingPage]:
    """In the order of the list."""
    return [page for page in SETTING_PAGES if role in page.roles and page.exists(upstreams)]
