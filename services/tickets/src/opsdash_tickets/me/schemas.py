"""REST bodies of the caller."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET, UnsetType
from opsdash_contracts.workspace import Plate, Role

from opsdash_tickets.common_schemas import Body


class Membership(Body):
    """An org the caller belongs to."""

    id: UUID
    slug: str
    name: str
    plate: Plate
    role: Role


class Me(Body):
    """The caller."""

    user_id: UUID
    orgs: list[Membership]


class Preferences(Body):
    """`tour_seen`: the intro tour is not offered again; `shortcuts`: single keys do things in the console."""

    tour_seen: bool = False
    shortcuts: bool = True


class PatchPreferences(Body):
    """What is left out stays as it is."""

    tour_seen: bool | UnsetType = UNSET
    shortcuts: bool | UnsetType = UNSET
