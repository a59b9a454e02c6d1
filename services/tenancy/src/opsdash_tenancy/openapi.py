"""What the OpenAPI document of a service with tenants says of its refusals."""

from __future__ import annotations

from typing import Final

from opsdash_http.errors.problems import forbidden
from opsdash_http.openapi.answers import DomainAnswers

TENANT_ANSWERS: Final = DomainAnswers(
    forbidden=forbidden("role-too-low", "Your role does not allow this."),
    forbidden_text="Role or plan does not allow it",
    instance="/api/orgs/brightside/tickets",
    extensions={"plate": {"type": "string"}, "plates": {"type": "array", "items": {"type": "string"}}},
)
