"""A message that was set aside can be read back as it was."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from opsdash_chassis.consuming.dead_letters import from_record, to_headers
from opsdash_chassis.kafka.undecodable_headers import is_damaged, readable

from services.chassis.tests.consuming.fakes import record

HEADERS = st.lists(st.tuples(st.text(st.characters(codec="utf-8"), max_size=20), st.binary(max_size=20)), max_size=5)


class TestRoundTrip:
    @given(HEADERS, st.none() | st.binary(max_size=50), st.text(max_size=2000))
    def test_headers_and_value_come_back_byte_for_byte(
        self, headers: list[tuple[str, bytes]], value: bytes | None, detail: str
    ):
        source = record(value, tuple(headers))
        written = to_headers(source, group="tickets.t", reason="schema", detail=detail)
        letter = from_record(replace(source, topic="dead", partition=0, offset=7, headers=tuple(written)))
        assert (letter.headers, letter.key, letter.value) == (headers, b"key", value)
        assert (letter.topic, letter.partition, letter.offset) == ("opsdash.workspace.v1", 2, 41)
        assert (letter.group, letter.reason) == ("tickets.t", "schema")

    def test_headers_that_pretend_to_be_ours_stay_part_of_the_message(self):
        forged = (("dl_id", b"forged"), ("dl_topic", b"forged"))
        written = to_headers(record(headers=forged), group="g", reason="r", detail="d")
        letter = from_record(replace(record(), headers=tuple(written)))
        assert letter.headers == list(forged)
        assert letter.topic == "opsdash.workspace.v1"

    def test_a_header_name_that_is_not_utf8_is_kept_readable(self):
        damaged = b"x-\xff".decode("utf-8", "surrogateescape")
        assert is_damaged(damaged)
        (name, value), *_ = to_headers(record(headers=((damaged, b"1"),)), group="g", reason="r", detail="d")
        assert (name, value) == ("x-\\xff", b"1")
        assert name == readable(damaged)
        assert not is_damaged("x-ümlaut")
