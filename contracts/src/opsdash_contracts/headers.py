"""Kafka record headers as text: UTF-8, ours present once, the CloudEvents framing understood."""

import re
from collections.abc import Container, Iterable
from typing import Final

from opsdash_contracts.errors import InvalidMessage

SPEC_VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/json"
TRACEPARENT_PATTERN: Final = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"

REQUIRED: Final = (
    "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_specversion", "ce_dataschema",
    "content-type", "ce_orgid", "ce_sequence",
)  # fmt: skip
#: Part of every event that belongs to an org; see `EventData.of_an_org`.
ORG: Final = "ce_orgid"
#: Part of every event.
ALWAYS: Final = tuple(name for name in REQUIRED if name != ORG)
OPTIONAL: Final = ("ce_actorid", "ce_partitionkey", "ce_replayed")
TRACE: Final = "traceparent"

_OURS = frozenset((*REQUIRED, *OPTIONAL))
_JSON_TYPE = re.compile(r"application/json(\s*;\s*charset=\"?utf-8\"?)?", re.ASCII | re.IGNORECASE)
_SEQUENCE = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


def read(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Our headers by name. Foreign ones must be UTF-8 too: frameworks decode all before any handler runs."""
    found: dict[str, str] = {}
    for name, value in headers:
        text = _decoded(name, value)
        if name in _OURS and name in found:
            raise InvalidMessage("duplicate-header", f"header {name} is given twice")
        if text and (name in _OURS or name == TRACE):
            found[name] = text
    require(found, ALWAYS)
    _check_framing(found)
    return found


def require(found: Container[str], names: Iterable[str]) -> None:
    """Raises InvalidMessage: missing-header."""
    if missing := [name for name in names if name not in found]:
        raise InvalidMessage("missing-header", f"no {', '.join(missing)}")


def traceparent(found: dict[str, str]) -> str | None:
    """A broken trace context must not cost the event it came with (W3C Trace Context 3.2.2.2: ignore it)."""
    value = found.get(TRACE, "")
    return value if re.fullmatch(TRACEPARENT_PATTERN, value, re.ASCII) else None


def _decoded(name: str, value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        raise InvalidMessage("headers-not-utf8", f"header {name!r} is not UTF-8") from None


def _check_framing(found: dict[str, str]) -> None:
    rules = {
        "ce_specversion": found["ce_specversion"] == SPEC_VERSION,
        "content-type": _JSON_TYPE.fullmatch(found["content-type"]) is not None,
        "ce_sequence": _SEQUENCE.fullmatch(found["ce_sequence"]) is not None,
        "ce_replayed": found.get("ce_replayed", "false") in {"true", "false"},
    }
    wrong = [name for name, holds in rules.items() if not holds]
    if wrong:
        raise InvalidMessage("bad-header", f"{', '.join(wrong)} not understood")
