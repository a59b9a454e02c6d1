"""Reads a batch of the workspace feed: one JSON object a line, all checked before any is published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from opsdash_chassis.turns import Turns
from opsdash_contracts.envelope import Event, EventData
from opsdash_http.errors.problems import FieldError, Problem, bad_request, validation
from opsdash_http.errors.validation import field_error
from opsdash_http.requests.json_checks import decode_json

from opsdash_gateway.workspace.entities import (
    MAXIMUM_REPORTED_ERRORS,
    MAXIMUM_VERSION,
    kind_of,
    put_event,
    remove_event,
)

MAXIMUM_BYTES = 5 * 1024 * 1024
MAXIMUM_LINES = 10_000
#: An entity is a fiftieth of that; reading a line is one step, during which nobody else is served.
MAXIMUM_LINE_BYTES = 64 * 1024


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One line of a batch; for delete, `body` holds `version` and, except for an org, `org_id`."""

    op: Literal["put", "delete"]
    kind: str
    id: UUID
    body: dict[str, Any]


class Removal(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a line that deletes."""

    version: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_VERSION)]
    org_id: UUID | None = None


_LINE = msgspec.json.Decoder(Line, strict=True)


async def read_batch(body: bytes) -> list[Event[EventData]]:
    """Raises 400 with pointers like /3/body/name, lines counted from 0, when any line is not valid.

    Others are served meanwhile: it is read in slices.
    """
    if not body.strip():
        raise bad_request("invalid-json", "The batch is empty.")
    if body.count(b"\n") > MAXIMUM_LINES - (not body.endswith(b"\n")):
        raise bad_request("batch-too-long", f"A batch may have {MAXIMUM_LINES} lines at most.")
    events: list[Event[EventData]] = []
    errors: list[FieldError] = []
    turns = Turns()
    for number, line in enumerate(body.split(b"\n")):
        try:
            if line.strip():
                events.append(_read_line(line))
        except Problem as problem:
            errors += _errors_of(problem, number)
            if len(errors) >= MAXIMUM_REPORTED_ERRORS:
                break
        await turns.over()
    if errors:
        raise validation(errors[:MAXIMUM_REPORTED_ERRORS])
    return events


def _read_line(line: bytes) -> Event[EventData]:
    if len(line) > MAXIMUM_LINE_BYTES:
        message = f"A line may have {MAXIMUM_LINE_BYTES} bytes at most."
        raise validation([FieldError("", "too-long", message)])
    entry = decode_json(line, _LINE)
    kind = kind_of(entry.kind, "/kind")
    if entry.op == "put":
        return put_event(kind, entry.id, entry.body, "/body")
    removal = _removal(entry.body)
    return remove_event(kind, entry.id, removal.org_id, removal.version, base="/body")


def _removal(body: dict[str, Any]) -> Removal:
    try:
        return msgspec.convert(body, Removal, strict=True, str_keys=True)
    except msgspec.ValidationError as error:
        raise validation([field_error(str(error), "/body")]) from None


def _errors_of(problem: Problem, number: int) -> Iterator[FieldError]:
    if not problem.errors:
        yield FieldError(f"/{number}", problem.code, problem.detail)
    for error in problem.errors:
        yield FieldError(f"/{number}{error.pointer}", error.code, error.message)
