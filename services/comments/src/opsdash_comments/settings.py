"""Settings of the comments service, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Annotated, Final

from opsdash_chassis.settings import DatabaseSettings, HttpUrl
from pydantic import Field

SERVICE: Final = "comments"
#: The schema revision this version of the service needs. Not kept beside the tables: a running service does without
#: the library that describes them.
REVISION: Final = "0004"


class CommentsSettings(DatabaseSettings):
    """How much one org may ask for, and where to ask about a ticket whose events have not arrived."""

    org_requests_per_second: Annotated[float, Field(gt=0)] = 200
    org_request_burst: Annotated[int, Field(ge=1)] = 1000
    tickets_url: HttpUrl
