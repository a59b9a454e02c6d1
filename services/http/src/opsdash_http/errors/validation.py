"""Turns msgspec's messages into field errors: a JSON pointer, a stable code and a text of our own.

msgspec names Python types in its messages; those never reach a client. It also repeats what was sent, however long, so
nothing here searches a whole message, and no answer repeats more than the beginning of a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from opsdash_http.errors.problems import FieldError

MAXIMUM_NAME = 100
_AT = " - at `"
_PATH = re.compile(r"(?:key` in `)?\$(?P<path>(?:\.\w+|\[\d+\]|\[\.\.\.\])*)`")
_STEP = re.compile(r"\[(?P<index>\d+)\]|\[\.\.\.\]|\.(?P<name>[^.\[]+)")
#: Longer than any message without a value of the caller.
_REASON_CHARACTERS = 200


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    code: str
    text: str


def _rule(pattern: str, code: str, text: str) -> _Rule:
    return _Rule(re.compile(pattern), code, text)


_RULES = (
    _rule(r"^Object contains unknown field `", "unknown-field", "This field does not exist or cannot be set."),
    _rule(r"^Object missing required field `", "required", "This field is required."),
    _rule(r"^Invalid enum value", "not-allowed", "This value is not one of the allowed ones."),
    _rule(r"of length >= (?P<limit>\d+)", "too-short", "At least {limit} characters or items are needed."),
    _rule(r"of length <= (?P<limit>\d+)", "too-long", "At most {limit} characters or items are allowed."),
    _rule(r"(?P<limit>(?:>|<|>=|<=) \S+)$", "out-of-range", "The value must be {limit}."),
    _rule(r"matching regex", "format", "This value has the wrong form."),
    _rule(r"timezone component", "timezone", "A time zone or UTC offset is required."),
    _rule(r"datetime", "datetime", "This must be an RFC 3339 date and time with a UTC offset."),
    _rule(r"^Invalid UUID|`uuid`", "uuid", "This must be a UUID."),
    _rule(r"^Invalid|out of range|matching|multiple", "format", "This value has the wrong form."),
    _rule(r"^Expected", "type", "This value has the wrong type."),
)


def escape(name: str) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def pointer_of(path: str) -> str:
    """`.items[2].title` -> `/items/2/title`; msgspec hides keys of maps: the pointer stops at the map."""
    pointer = ""
    for step in _STEP.finditer(path):
        token = step["index"] or step["name"]
        if token is None:
            break
        pointer += f"/{escape(token)}"
    return pointer


def field_error(message: str, base: str = "") -> FieldError:
    """The field error for one msgspec message; `base` is the pointer of the value that was decoded."""
    said, path = _parts(message)
    pointer, reason = base + pointer_of(path), said[:_REASON_CHARACTERS]
    for rule in _RULES:
        if not (found := rule.pattern.search(reason)):
            continue
        if rule.code in {"unknown-field", "required"}:
            pointer += f"/{escape(said.partition('`')[2].removesuffix('`')[:MAXIMUM_NAME])}"
        return FieldError(pointer=pointer, code=rule.code, message=rule.text.format(**found.groupdict()))
    return FieldError(pointer=pointer, code="invalid", message="This value is not valid.")


def _parts(message: str) -> tuple[str, str]:
    """What is wrong, and the path of the value, which is empty for the whole."""
    said, _, place = message.rpartition(_AT)
    at = _PATH.fullmatch(place) if said else None
    return (said, at["path"]) if at else (message, "")
