"""The tests' spread over workers names what is there."""

from __future__ import annotations

import pytest

from tests.architecture.sources import ROOT
from tests.support.scheduling import FIRST, TOGETHER, part_of, turn_of

FILES = [
    path.relative_to(ROOT).as_posix()
    for top in ("deploy", "services", "tests")
    for path in (ROOT / top).rglob("test_*.py")
]


@pytest.mark.parametrize("start", [*FIRST, *TOGETHER])
def test_every_name_is_the_start_of_a_test_file(start: str):
    assert [file for file in FILES if file.startswith(start)]


def test_tests_that_share_a_stack_are_one_part_and_other_files_are_each_their_own():
    assert part_of("tests/system/test_a.py::test_x") == part_of("tests/system/test_b.py::TestY::test_z")
    assert part_of("tests/browser/test_a.py::test_x") == part_of("tests/browser/test_c.py::test_x")
    assert part_of("tests/browser/test_a.py::test_x") != part_of("tests/browser/test_f.py::test_x")
    assert part_of("tests/docs/test_docs.py::test_x[a::b]") == "tests/docs/test_docs.py"


def test_the_longest_goes_first():
    assert turn_of("tests/browser/test_list.py::test_x") < turn_of("tests/integration/test_tenancy.py::test_x")
    assert turn_of("tests/docs/test_docs.py::test_x") == len(FIRST)
