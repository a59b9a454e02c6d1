"""The name of a new service in the forms that sources have it in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

LONGEST = 30
#: Programs, packages and roles of others begin with these.
TAKEN = {"chassis", "contracts", "health", "local", "service", "support", "topics"}
#: The name that the template has in place of the new one.
SAMPLE = "sample-service"
#: Of the template's golden message; no two messages share an id.
SAMPLE_EVENT_ID = "00000000-0000-4000-8000-000000000001"


class RefusedName(ValueError):
    """Says what is wrong and what to do."""


@dataclass(frozen=True)
class Name:
    """Lower-case words with dashes, as folders, images and pods have it."""

    dashed: str

    @property
    def module(self) -> str:
        """In names of modules, roles, databases and event types."""
        return self.dashed.replace("-", "_")

    @property
    def constant(self) -> str:
        return self.module.upper()

    @property
    def class_prefix(self) -> str:
        return "".join(word.title() for word in self.dashed.split("-"))

    @property
    def topic(self) -> str:
        return f"opsdash.support.{self.dashed.replace('-', '.')}.v1"

    def applied(self, text: str) -> str:
        """The text of the template with this name in place of the sample's."""
        sample = Name(SAMPLE)
        event_id = str(uuid5(NAMESPACE_URL, f"urn:opsdash:{self.topic}"))
        for old, new in (
            (sample.topic, self.topic),
            (sample.dashed, self.dashed),
            (sample.module, self.module),
            (sample.constant, self.constant),
            (sample.class_prefix, self.class_prefix),
            (SAMPLE_EVENT_ID, event_id),
        ):
            text = text.replace(old, new)
        return text


def checked(text: str, root: Path) -> Name:
    """Raises RefusedName."""
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", text) or len(text) > LONGEST:
        raise RefusedName(
            f"NAME={text} is no name of a service: lower-case words with dashes between them, at most {LONGEST}"
            " characters; for example: make new-service NAME=escalation-rules"
        )
    name = Name(text)
    services = sorted(path.parent.name for path in root.glob("services/*/pyproject.toml"))
    if text in services:
        raise RefusedName(f"services/{text} is there already; take another name than {', '.join(services)}")
    if text in TAKEN or (root / f"contracts/src/opsdash_contracts/{name.module}.py").exists():
        raise RefusedName(f"{text} means something else in opsdash_contracts or its programs; take another name")
    return name
