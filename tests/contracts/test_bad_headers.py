"""Headers decoding refuses, and under which code: the code decides between dead letter, alarm and counter."""

import pytest
from opsdash_contracts.envelope import UnknownEventType, decode
from opsdash_contracts.headers import REQUIRED

from tests.contracts.files import TICKET, Message, code_of


class TestHeaders:
    @pytest.mark.parametrize("name", ["ce_id", "ce_type", "x-foreign", "traceparent"])
    def test_bytes_that_are_not_utf8_are_refused_in_any_header(self, name):
        assert code_of(TICKET.header(name, b"\xff\xfe")) == "headers-not-utf8"

    @pytest.mark.parametrize("name", REQUIRED)
    def test_each_required_header_must_be_there(self, name):
        assert code_of(TICKET.without_header(name)) == "missing-header"

    @pytest.mark.parametrize("name", REQUIRED)
    @pytest.mark.parametrize("nothing", [None, b""])
    def test_a_required_header_without_a_value_is_missing(self, name, nothing):
        assert code_of(TICKET.header(name, nothing)) == "missing-header"

    @pytest.mark.parametrize("name", [*REQUIRED, "ce_actorid"])
    def test_a_header_of_ours_given_twice_is_refused(self, name):
        given = dict(TICKET.headers)[name]
        twice = Message((*TICKET.headers, (name, given)), TICKET.key, TICKET.value)
        assert code_of(twice) == "duplicate-header"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("ce_id", b"42"),
            ("ce_orgid", b"acme"),
            ("ce_actorid", b"ada"),
            ("ce_time", b"yesterday"),
            ("ce_time", b"1767225600"),
            ("ce_time", b"2026-01-01T00:00:00"),
            ("ce_time", b"9999-12-31T23:59:59-12:00"),
            ("ce_specversion", b"0.3"),
            ("content-type", b"application/avro"),
            ("ce_sequence", b"0"),
            ("ce_sequence", b"-1"),
            ("ce_sequence", b"1.0"),
            ("ce_sequence", "\u0661".encode()),
            ("ce_sequence", b"9" * 5000),
            ("ce_sequence", b"9223372036854775808"),
            ("ce_replayed", b"yes"),
            ("ce_source", b"two words"),
            ("ce_subject", b"\0"),
            ("ce_type", b"Support Ticket"),
            ("ce_dataschema", b"urn:opsdash:support_ticket.updated:v1"),
            ("ce_dataschema", b"urn:opsdash:support_ticket.created"),
            ("ce_dataschema", b"urn:opsdash:support_ticket.created:v0"),
        ],
    )
    def test_a_header_that_makes_no_sense_is_refused(self, name, value):
        assert code_of(TICKET.header(name, value)) == "bad-header"


@pytest.mark.parametrize(
    "source", [b"/services/gateway", b"/services/tickets/", b"/services/Tickets", b"services/tickets", b"/opsdash/x"]
)
def test_only_the_producer_of_such_events_is_believed(source: bytes):
    assert code_of(TICKET.header("ce_source", source)) == "foreign-source"


class TestTypeAndVersion:
    def test_an_unknown_event_type_is_its_own_error_with_the_type(self):
        message = TICKET.header("ce_type", b"support_ticket.merged").header(
            "ce_dataschema", b"urn:opsdash:support_ticket.merged:v1"
        )
        with pytest.raises(UnknownEventType) as unknown:
            decode(message.headers, message.key, message.value)
        assert (unknown.value.code, unknown.value.event_type) == ("unknown-type", "support_ticket.merged")

    def test_the_value_of_an_unknown_type_is_not_looked_at(self):
        message = TICKET.header("ce_type", b"new.thing").header("ce_dataschema", b"urn:opsdash:new.thing:v7")
        with pytest.raises(UnknownEventType):
            decode(message.headers, b"any", b"\xff")

    def test_an_unknown_version_of_a_known_type_is_kept_for_later(self):
        message = TICKET.header("ce_dataschema", b"urn:opsdash:support_ticket.created:v2")
        assert code_of(message) == "unknown-version"
