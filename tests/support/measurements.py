"""Measurements: conditions that come true in time, metrics, query plans, processor time by size, request limits."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any, TypeVar

import aiohttp
from opsdash_http.errors.problems import Problem
from opsdash_http.limits.rate_limits import RateLimit
from prometheus_client.parser import text_string_to_metric_families

Value = TypeVar("Value")


async def eventually(
    probe: Callable[[], Awaitable[Value]], satisfied: Callable[[Value], bool] = bool, *, timeout: float = 90.0
) -> Value:
    """Ask until the answer satisfies; fails with the last answer."""
    deadline = time.monotonic() + timeout
    while True:
        value = await probe()
        if satisfied(value):
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not satisfied within {timeout} s, last: {value!r}")
        await asyncio.sleep(0.05)


async def metric_sample(session: aiohttp.ClientSession, url: str, name: str) -> float:
    """The sum over all labels; fails when the service has no such metric."""
    async with session.get(url) as answer:
        text = await answer.text()
    found = [
        each.value for family in text_string_to_metric_families(text) for each in family.samples if each.name == name
    ]
    assert found, f"no metric {name}"
    return sum(found)


def plan_nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from plan_nodes(child)


#: Two doublings, for where an input grows out of a cache of the processor one may cost more than twice as much.
TIMES, FACTOR = 4, 2.5**2
#: Below this the caches of the machine are measured, and nobody waits for it.
FLOOR_SECONDS = 0.004
#: The best of them counts: a busy machine only makes them longer, and what is not linear stays so in the best one.
MOST_TRIES = 40
SMALLEST = 1024

#: Makes an input of about so many bytes; the text makes it another one each time, so that no memory helps.
Shape = Callable[[int, str], Any]
_unlike = count()


def repeated(unit: str, before: str = "", after: str = "") -> Shape:
    """The unit again and again between two texts; `*` in these stands for what makes an input another one."""

    def make(size: int, other: str) -> bytes:
        text = before.replace("*", other) + unit * (size // len(unit)) + after
        return text.encode("utf-8", "surrogateescape")

    return make


def assert_linear(
    act: Callable[[Any], object], shape: Shape, limit: int, refusals: tuple[type[Exception], ...] = ()
) -> None:
    """Each doubling takes 2.5 times as long at most, up to the limit. Stops at the first size that shows otherwise."""
    for size in _sizes(limit):
        assert_growth(act, partial(_another, shape, size), partial(_another, shape, TIMES * size), FACTOR, refusals)


def assert_growth(
    act: Callable[[Any], object],
    make_small: Callable[[], Any],
    make_large: Callable[[], Any],
    factor: float,
    refusals: tuple[type[Exception], ...] = (),
) -> None:
    """The large input takes so many times as long as the small one at most."""
    small = large = float("inf")
    for _ in range(MOST_TRIES):
        small = min(small, _seconds(act, make_small(), refusals))
        large = min(large, _seconds(act, make_large(), refusals))
        if large <= factor * max(small, FLOOR_SECONDS):
            return
    raise AssertionError(f"a small input takes {small:.4f} s, a large one {large:.4f} s")


def _another(shape: Shape, size: int) -> Any:
    return shape(size, f"{next(_unlike):06}")


def _sizes(limit: int) -> list[int]:
    """Each is measured against TIMES as many, which is the next one and in the end the limit."""
    sizes = [limit // TIMES]
    while sizes[0] > SMALLEST:
        sizes.insert(0, sizes[0] // TIMES)
    return sizes


def _seconds(act: Callable[[Any], object], made: Any, refusals: tuple[type[Exception], ...]) -> float:
    """Without the garbage collector: what it does depends on all else that is in memory."""
    gc.disable()
    started = time.thread_time()
    try:
        with suppress(*refusals):
            act(made)
        return time.thread_time() - started
    finally:
        gc.enable()


BODIES: dict[str, Shape] = {
    "escaped quotes, then brackets": repeated('\\"', '{"title":"*', "[" * 33),
    "quotes": repeated('"'),
    "strings of one bracket": repeated('"[",', '{"parts":["*",'),
    "open brackets": repeated("[", '{"parts":'),
    "closed brackets": repeated("]"),
    "pairs": repeated("[],", '{"parts":["*",'),
    "32 levels again and again": repeated("[" * 31 + "]" * 31 + ",", '{"parts":['),
    "objects": repeated('{"a":'),
    "backslashes": repeated("\\"),
    "backslashes before an escaped NUL": repeated("\\\\", '{"title":"\\u0000*'),
    "escaped NULs": repeated("\\\\u0000", '{"title":"*'),
    "white space": repeated(" \n\t", "", "x"),
    "digits": repeated("1", '{"title":1*'),
    "digits behind a point": repeated("1", '{"title":0.*'),
    "an exponent": repeated("1", '{"title":1e*', "}"),
    "zeros": repeated("0", '{"title":0.*', "1}"),
    "one long name": repeated("a", '{"*', '":1}'),
    "a name like the end of a message": repeated(" - at `$", '{"*', '\\n":1}'),
    "a name like a field": repeated("field `", '{"*', '\\n":1}'),
    "a name like a limit": repeated("> ", '{"*', '":1}'),
    "an enumeration like a message": repeated(" - at `$", '{"kind":"*', '\\n"}'),
    "slashes and tildes in a name": repeated("~/", '{"*', '":1}'),
    "many names": repeated('"abcdef":1,', '{"*":1,', '"x":1}'),
    "emoji": repeated("🎉", '{"title":"*', '"}'),
    "half a character": repeated("\udcf0\udc9f", '{"title":"*', '"}'),
    "surrogates": repeated("\\ud800", '{"title":"*', '"}'),
    "a moment": repeated("2", '{"due":"*', '"}'),
    "a long text": repeated("x", '{"title":"*', '"}'),
}
TEXTS: dict[str, Shape] = {
    "letters": repeated("a", "*"),
    "percent signs": repeated("%", "*"),
    "percent-encoded letters": repeated("%61", "*"),
    "percent-encoded emoji": repeated("%F0%9F%8E%89", "*"),
    "half-encoded emoji": repeated("%F0%9F", "*"),
    "slashes": repeated("/", "*"),
    "dots": repeated("../", "*"),
    "semicolons": repeated(";", "*"),
    "commas": repeated(",", "*"),
    "ampersands": repeated("a&", "*"),
    "equal signs": repeated("=", "*"),
    "pairs": repeated("a=b&", "*"),
    "cookies": repeated("a=b; ", "*"),
    "quoted backslashes": repeated("\\\\", 'a*="', '"'),
    "quotes": repeated('"', "*"),
    "languages": repeated("en-US;q=0.1,", "*"),
    "parameters": repeated('; a="b', "application/json*"),
    "spaces": repeated(" ", "*", "x"),
    "digits": repeated("9", "*"),
    "brackets": repeated("[", "*"),
}
HEADERS = (
    "accept", "accept-language", "authorization", "content-type", "cookie", "host", "idempotency-key", "if-match",
    "origin", "traceparent", "transfer-encoding", "x-csrf-token",
)  # fmt: skip
ENTITY = (
    '{"op":"put","kind":"company","id":"55555555-5555-4555-8555-555555555555","body":'
    '{"org_id":"22222222-2222-4222-8222-222222222222","name":"C","version":1}}\n'
)
BATCHES: dict[str, Shape] = {
    "empty lines": repeated("\n", "{}"),
    "nothing but empty lines": repeated("\n"),
    "carriage returns": repeated("\r\n", "{}"),
    "good lines": repeated(ENTITY),
    "bad lines": repeated("{}\n"),
    "one long line": repeated("[],", '{"op":['),
    "unknown fields": repeated('"abcdef":1,', ENTITY[:-4] + ',"*":1,', '"x":1}}'),
}


#: Asks one replica once; whether it let that through.
Ask = Callable[[], Awaitable[bool]]

PER_SECOND, BURST = 10, 20
LEAST_SECONDS = 3.0
PATIENCE_SECONDS = 60.0
#: A request that took long counts as more than one.
LEAST_SHARE = 0.7


def allowed(seconds: float) -> float:
    """By the documents, in so long from the first request on."""
    return BURST + PER_SECOND * seconds


async def ask_too_much(
    replicas: Sequence[Ask], *, seconds: float = LEAST_SECONDS, patience: float = PATIENCE_SECONDS
) -> tuple[int, int, float]:
    """In turn without a pause. How many were let through, how many one limit had let through, in how many seconds.

    For `seconds` at least, and then until no more were let through than is allowed: what replicas do not know of each
    other for a moment they take back afterwards. Replicas that do not count together never get there; after
    `patience` seconds it ends all the same.
    """
    started, count, turn, by_one = time.monotonic(), 0, 0, 0
    one = RateLimit(per_second=PER_SECOND, burst=BURST)
    while True:
        with suppress(Problem):
            one.check("asked")
            by_one += 1
        count += await replicas[turn % len(replicas)]()
        turn += 1
        passed = time.monotonic() - started
        if passed > patience or (passed > seconds and count <= allowed(passed)):
            return count, by_one, passed
        await asyncio.sleep(0.005)


async def has_what_is_allowed(replicas: Sequence[Ask]) -> None:
    """Not more, and hardly less than one limit lets through that is asked at the same moments."""
    count, by_one, seconds = await ask_too_much(replicas)
    most = allowed(seconds)
    assert LEAST_SHARE * by_one <= count <= most, f"{count} in {seconds:.1f} s, {by_one} by one, allowed are {most:.0f}"
