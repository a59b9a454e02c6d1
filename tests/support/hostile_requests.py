"""Hostile requests to every place of the gateway: bodies, forms, batches, texts, queries, paths and headers.

Each place gets all shapes of what it takes as its body; of the shapes of other parts it gets a few, and the next place
the next ones, so that every shape of every part is sent somewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import msgspec
from opsdash_http.requests.forms import MAXIMUM_BYTES as MAXIMUM_FORM_BYTES
from opsdash_http.requests.forms import MEDIA_TYPES as FORMS
from opsdash_http.requests.request_limits import MAXIMUM_HEADER_BYTES, MAXIMUM_PATH_BYTES, MAXIMUM_QUERY_BYTES
from opsdash_http.requests.requests import MAXIMUM_BODY_BYTES
from opsdash_http.security.authentication import PUBLIC

from tests.support.hostile_text import HOSTILE, hostile
from tests.support.measurements import BATCHES, BODIES, HEADERS, TEXTS
from tests.support.services import Place, long_texts, query_names, string_fields

JSON, NDJSON, FORM = "application/json", "application/x-ndjson", FORMS[0]
FEW = 4
EXPORTS_AT_ONCE = 20
AT_ONCE = "at once"
#: What a batch of OpsDash itself does is no attack: those lines are good, and each is a change.
BAD_BATCHES = {name: shape for name, shape in BATCHES.items() if name != "good lines"}


@dataclass(frozen=True)
class Hostile:
    """One request. `path` has its query, both as they are sent."""

    place: Place
    shape: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None

    @property
    def again(self) -> bool:
        """Whether it counts only when it was let in; of exports at once most are to be refused."""
        return not self.shape.startswith(AT_ONCE)


class Attacker(msgspec.Struct):
    """Who sends them, as headers by the kind of place; and what is in the addresses, for deleting apart."""

    credentials: dict[str, dict[str, str]]
    values: dict[str, str]
    doomed: dict[str, str]

    def address(self, place: Place) -> str:
        return place.path.format_map(self.values | (self.doomed if _deletes(place) else {}))

    def headers(self, place: Place) -> dict[str, str]:
        return self.credentials.get(place.who, {})


def _deletes(place: Place) -> bool:
    return place.method == "DELETE" or place.path.endswith(("/delete", "/restore"))


class Shapes:
    """Takes the shapes of each part in turn."""

    def __init__(self) -> None:
        self._texts = cycle(TEXTS.items())
        self._bodies = cycle(BODIES.items())
        self._markdown = cycle(HOSTILE)
        self._headers = cycle([(name, text) for text in TEXTS for name in HEADERS])

    def texts(self, size: int, count: int = FEW) -> list[tuple[str, str]]:
        return [(name, shape(size, "0").decode()) for name, shape in islice(self._texts, count)]

    def bodies(self, size: int, count: int = FEW) -> list[tuple[str, bytes]]:
        return [(name, shape(size, "0")) for name, shape in islice(self._bodies, count)]

    def markdown(self, count: int = FEW) -> list[str]:
        return list(islice(self._markdown, count))

    def headers(self, size: int, count: int = FEW) -> list[tuple[str, str, str]]:
        chosen = islice(self._headers, count)
        return [(header, text, TEXTS[text](size, "0").decode()) for header, text in chosen]


def hostile_requests(found: list[Place], attacker: Attacker) -> list[Hostile]:
    """In the order of the places: the worst of one kind come together."""
    shapes, names = Shapes(), query_names(found)
    bodies = {name: shape(_just_below(MAXIMUM_BODY_BYTES), "0") for name, shape in BODIES.items()}
    made: list[Hostile] = []
    for place in found:
        address, headers = attacker.address(place), attacker.headers(place)
        for shape, path, more, body in _of_place(place, attacker, shapes, names, bodies):
            made.append(Hostile(place, shape, path or address, headers | more, body))
    return made


Part = tuple[str, str, dict[str, str], bytes | None]


def _of_place(
    place: Place, attacker: Attacker, shapes: Shapes, names: tuple[str, ...], bodies: Mapping[str, bytes]
) -> Iterator[Part]:
    """What is said of it, another address, more headers, a body."""
    yield from _paths(place, attacker, shapes)
    yield from _queries(place, attacker.address(place), shapes, names)
    yield from _headers(shapes)
    if place.takes(JSON):
        yield from _json(place, shapes, bodies)
        yield from _texts(place)
    if place.takes(FORM):
        yield from _forms(place, shapes)
    if place.takes(NDJSON):
        for name, shape in BAD_BATCHES.items():
            yield f"batch: {name}", "", {"Content-Type": NDJSON}, shape(_just_below(place.most_bytes), "0")
    if place.path.endswith(".csv"):
        for number in range(EXPORTS_AT_ONCE):
            yield f"{AT_ONCE}: export {number}", "", {}, None


def _paths(place: Place, attacker: Attacker, shapes: Shapes) -> Iterator[Part]:
    """A parameter that is long, and an address that is too long."""
    for number, (name, text) in enumerate(shapes.texts(MAXIMUM_PATH_BYTES // 2)):
        long = [parameter for parameter in attacker.values if f"{{{parameter}}}" in place.path]
        if long:
            values = attacker.values | {long[number % len(long)]: quote(text, safe="%/.;,&=~")}
            yield f"path: {name}", place.path.format_map(values), {}, None
    yield "path too long", attacker.address(place) + "/" + "x" * MAXIMUM_PATH_BYTES, {}, None


def _queries(place: Place, address: str, shapes: Shapes, names: tuple[str, ...]) -> Iterator[Part]:
    """Each parameter that is published, long; a page is sent a few that the API knows."""
    few = names[:: max(1, len(names) // FEW)]
    for parameter in place.parameters or few:
        for name, text in shapes.texts(MAXIMUM_QUERY_BYTES // 2, 2):
            value = text if "%" in text else quote(text)
            yield f"query {parameter}: {name}", f"{address}?{parameter}={value[: MAXIMUM_QUERY_BYTES - 100]}", {}, None
    yield "query: many", address + "?" + "&".join(f"a{number}=1" for number in range(1000)), {}, None
    yield "query too long", address + "?q=" + "x" * MAXIMUM_QUERY_BYTES, {}, None


def _headers(shapes: Shapes) -> Iterator[Part]:
    for header, name, text in shapes.headers(MAXIMUM_HEADER_BYTES // 2):
        yield f"header {header}: {name}", "", {header: text}, None
    yield "headers: many", "", {f"x-{number}": "1" for number in range(120)}, None
    yield "headers: long", "", {"x-long": "x" * MAXIMUM_HEADER_BYTES}, None


def _json(place: Place, shapes: Shapes, bodies: Mapping[str, bytes]) -> Iterator[Part]:
    """All of them where a body is read, a few where none is published."""
    reads = bool(place.body) or (place.who == PUBLIC and place.path.startswith("/dev"))
    few = [name for name, _ in shapes.bodies(1)]
    for name in bodies if reads else few:
        yield f"JSON: {name}", "", {"Content-Type": JSON}, bodies[name]
    for name, field in place.body.get("properties", {}).items():
        if field.get("type") == "array":
            ids = [str(uuid4())] * (MAXIMUM_BODY_BYTES // 50)
            yield (
                f"JSON: many {name}",
                "",
                {"Content-Type": JSON},
                msgspec.json.encode(_valid(place.body) | {name: ids}),
            )


def _texts(place: Place) -> Iterator[Part]:
    """Every Markdown text in every field for one, in a body that is valid otherwise; long words in other fields."""
    for way in long_texts(place):
        for size in (1_000, 10_000):
            for name, text in hostile(size).items():
                body = _with(_valid(place.body), way, text)
                yield f"{'.'.join(way)} of {size}: {name}", "", {"Content-Type": JSON}, msgspec.json.encode(body)
    for way, _ in string_fields(place.body):
        body = _with(_valid(place.body), way, "漢字 " * 100_000)
        yield f"{'.'.join(way)}: long", "", {"Content-Type": JSON}, msgspec.json.encode(body)


def _forms(place: Place, shapes: Shapes) -> Iterator[Part]:
    """At their limit, beyond it, with the token in the form only; and Markdown in the fields that have it."""
    sent = {"Content-Type": FORM}
    yield "form of a megabyte", "", sent, b"a&" * (MAXIMUM_BODY_BYTES // 2)
    yield "form of a megabyte without token", "", sent | {"X-CSRF-Token": ""}, b"a&" * (MAXIMUM_BODY_BYTES // 2)
    yield "form of fields without token", "", sent | {"X-CSRF-Token": ""}, b"a&" * (MAXIMUM_FORM_BYTES // 2)
    for name, text in shapes.texts(_just_below(MAXIMUM_FORM_BYTES), 2 * FEW):
        yield f"form: {name}", "", sent, text.encode()
        yield f"form without token: {name}", "", sent | {"X-CSRF-Token": ""}, text.encode()
    for name in shapes.markdown(2 * FEW):
        text = hostile(10_000, {name: HOSTILE[name]})[name]
        fields = {"title": "x", "body": text, "description": text}
        yield f"form with Markdown: {name}", "", sent, urlencode(fields).encode()


def _just_below(limit: int) -> int:
    """What is longer is refused unread; a shape has a few bytes around it."""
    return limit - 100


def _valid(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest body that has what is required."""
    return {name: _value(schema["properties"][name]) for name in schema.get("required", ())}


def _value(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if choices := [*schema.get("oneOf", ()), *schema.get("anyOf", ())]:
        return _value(choices[0])
    if schema.get("format") == "uuid":
        return str(uuid4())
    simple: dict[str, Any] = {"string": "x", "integer": 1, "boolean": True, "null": None}
    if schema.get("type") == "array":
        return [_value(schema["items"])]
    return _valid(schema) if schema.get("type") == "object" else simple.get(schema.get("type", ""), "x")


def _with(body: dict[str, Any], way: tuple[str, ...], text: str) -> dict[str, Any]:
    first, *rest = way
    return body | {first: _with(body.get(first) or {}, tuple(rest), text) if rest else text}
