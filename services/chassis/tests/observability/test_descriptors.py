"""Whether file descriptors are left, in a process that has some and in one that has run out."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest
from opsdash_chassis.observability.descriptors import SPARE, allow_as_many_as_permitted, descriptors_left


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def used() -> int:
    """The number the next one would get, which is what the limit is compared with."""
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


def limit_to(soft: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def test_looking_takes_none():
    before = used()
    assert descriptors_left()[0]
    assert used() == before


def test_without_spare_ones_it_says_so_and_gives_back_what_it_took():
    before = used()
    limit_to(before + SPARE - 1)
    good, detail = descriptors_left()
    assert not good
    assert detail.startswith(f"fewer than {SPARE} file descriptors are free of {before + SPARE - 1}")
    assert used() == before


def test_a_process_takes_what_it_is_permitted():
    limit_to(used() + SPARE)
    allow_as_many_as_permitted()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard
