"""Plan usage notices: an org's living tickets have reached a share of what its plate allows."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from opsdash_contracts.base import Count, OrgEventData
from opsdash_contracts.workspace import Plate

NOTICED: Final = "support_usage.noticed"


class UsageNotice(OrgEventData):
    """Sent once per crossing of 80 % and of 100 %; `version` counts an org's notices."""

    event_types: ClassVar[tuple[str, ...]] = (NOTICED,)
    event_source: ClassVar[str] = "/services/tickets"

    plate: Plate
    percent: Literal[80, 100]
    used: Count
    limit: Annotated[int, Field(ge=1, le=2**31 - 1)]

    @property
    def event_key(self) -> str:
        return str(self.org_id)
