"""What a session can be ended by: ids that say nothing to whoever reads them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import msgspec

SESSION_SECONDS = 12 * 3600


class SessionMarks(msgspec.Struct, frozen=True):
    """Ids of a session, of its person at the provider and of the provider's own session, where that has one (`sid`).

    `issued_at` is when it began by the provider's clock, which is also what dates the end of all sessions of a person.
    """

    own: UUID
    person: UUID
    issued_at: float
    provider_session: UUID | None = None


def person_id(issuer: str, subject: str) -> UUID:
    return _id(issuer, "sub", subject)


def provider_session_id(issuer: str, session: str) -> UUID:
    return _id(issuer, "sid", session)


def marks_of(claims: Mapping[str, Any]) -> SessionMarks:
    """Of a new session, by the claims of a verified ID token."""
    issued_at, session, subject = claims.get("iat"), claims.get("sid"), claims.get("sub")
    return SessionMarks(
        own=uuid4(),
        person=person_id(claims["iss"], subject) if isinstance(subject, str) else uuid4(),
        issued_at=float(issued_at) if isinstance(issued_at, int | float) else time.time(),
        provider_session=provider_session_id(claims["iss"], session) if isinstance(session, str) and session else None,
    )


def _id(issuer: str, kind: str, value: str) -> UUID:
    return uuid5(uuid5(NAMESPACE_URL, issuer), f"{kind}:{value}")
