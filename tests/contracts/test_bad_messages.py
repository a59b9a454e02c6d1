"""Values and contradictions decoding refuses, and what it accepts all the same."""

from dataclasses import replace

import pytest
from opsdash_contracts.envelope import InvalidMessage, decode

from tests.contracts.files import COMMENT, MEMBER, ORG, ORG_GONE, PURGE, SIGNED_OUT, TICKET, UPDATE, Message, code_of

OTHER = "0198c0de-9999-7000-8000-00000000ffff"
FIELDS_OF_A_TICKET = [
    "ticket_id",
    "org_id",
    "version",
    "title",
    "status",
    "sla_due_at",
    "created_at",
    "changes",
]


def with_value(value: bytes | None) -> Message:
    return Message(TICKET.headers, TICKET.key, value)


class TestValue:
    @pytest.mark.parametrize("value", [None, b""], ids=["tombstone", "empty"])
    def test_nothing_is_refused(self, value):
        assert code_of(with_value(value)) == "empty-value"

    @pytest.mark.parametrize(
        "value",
        [
            b"\xff\xfe{}",
            b'{"title":"\xff"}',
            b"not json",
            b"{",
            b'{"title":"\\ud800"}',
            b'{"extra":NaN}',
            b"5",
            b'"text"',
            b"null",
            b"[]",
            b'{"extra":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
            b"[" * 1_000_000,
            b'{"a":' * 100_000,
            b'{"extra":' + b"9" * 100_000 + b"}",
        ],
        ids=lambda value: repr(value[:16]),
    )
    def test_what_is_not_a_json_object_is_refused(self, value):
        assert code_of(with_value(value)) == "bad-json"

    @pytest.mark.parametrize("field", FIELDS_OF_A_TICKET)
    def test_a_missing_field_is_refused(self, field):
        assert code_of(TICKET.without_field(field)) == "schema"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("status", "reopened"),
            ("status", "OPEN"),
            ("status", None),
            ("priority", "critical"),
            ("category", "sales"),
            ("sla_due_at", "1999-12-31T23:59:59Z"),
            ("sla_due_at", "2201-01-01T00:00:00Z"),
            ("sla_due_at", "2026-03-03T09:15:00"),
            ("sla_due_at", "2026-03-03"),
            ("sla_due_at", "1767225600"),
            ("sla_due_at", 1767225600),
            ("sla_due_at", ""),
            ("version", 0),
            ("version", "1"),
            ("version", True),
            ("version", 1.0),
            ("version", 2**63),
            ("number", 0),
            ("reopen_count", -1),
            ("reopen_count", 2**31),
            ("title", "a\u0000b"),
            ("title", "x" * 201),
            ("title", ""),
            ("title", 7),
            ("ticket_id", "41"),
            ("deleted_at", "2026-03-03T09:15:00Z"),
            ("changes", []),
            ("changes", {"Bad Name": {"from": 1, "to": 2}}),
            ("changes", {"title": {"from": "a"}}),
            ("changes", {"title": {"from": "a\u0000", "to": "b"}}),
            ("changes", {"title": {"from": ["a"], "to": "b"}}),
            ("changes", {"title": {"from_": "a", "to": "b"}}),
            ("changes", {"description": {"from": "secret", "to": "text"}}),
            ("changes", {"description": {"changed": False}}),
            ("changes", {f"f{n}": {"from": 1, "to": 2} for n in range(51)}),
        ],
    )
    def test_nonsense_in_a_ticket_is_refused(self, field, value):
        assert code_of(TICKET.body(**{field: value})) == "schema"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("role", "guest"),
            ("name", ""),
            ("name", "\u0000"),
            ("name", "x" * 201),
            ("email", ""),
            ("user_id", "ada"),
        ],
    )
    def test_nonsense_in_a_member_is_refused(self, field, value):
        assert code_of(MEMBER.body(**{field: value})) == "schema"

    @pytest.mark.parametrize("slug", ["", "-a", "a-", "A", "a_b", "ä", "a" * 64, "a\n"])
    def test_a_slug_is_a_dns_label(self, slug):
        assert code_of(ORG.body(slug=slug)) == "schema"

    def test_an_unknown_plate_is_refused(self):
        assert code_of(ORG.body(plate="gold")) == "schema"

    def test_a_purged_ticket_carries_no_title(self):
        assert code_of(PURGE.body(title="Still here")) == "schema"
        assert code_of(PURGE.body(changes={"title": {"from": "Still here", "to": ""}})) == "schema"

    def test_a_deleted_ticket_says_when(self):
        assert code_of(PURGE.body(deleted_at=None)) == "schema"

    def test_a_removal_of_another_kind_than_its_type_is_refused(self):
        assert code_of(ORG_GONE.body(kind="member")) == "schema"

    def test_the_refusal_does_not_repeat_what_was_in_the_message(self):
        message = TICKET.body(title="canary-" + "x" * 300, status="canary-status")
        with pytest.raises(InvalidMessage) as refused:
            decode(message.headers, message.key, message.value)
        assert "canary" not in str(refused.value)
        assert "/title" in refused.value.message


class TestAgreement:
    @pytest.mark.parametrize("key", [None, b"", b"\xff", OTHER.encode(), TICKET.key.upper()])
    def test_the_key_must_be_the_id_in_the_body(self, key):
        assert code_of(Message(TICKET.headers, key, TICKET.value)) == "key-mismatch"

    def test_the_subject_must_be_the_id_in_the_body(self):
        assert code_of(TICKET.header("ce_subject", OTHER.encode())) == "key-mismatch"

    def test_a_key_that_is_not_the_subject_is_named_and_is_the_id_in_the_body(self):
        assert code_of(COMMENT.without_header("ce_partitionkey")) == "key-mismatch"
        assert code_of(COMMENT.header("ce_partitionkey", OTHER.encode())) == "key-mismatch"
        assert code_of(replace(COMMENT, key=OTHER.encode())) == "key-mismatch"
        assert code_of(COMMENT.header("ce_subject", OTHER.encode())) == "key-mismatch"
        assert code_of(COMMENT.body(ticket_id=OTHER)) == "key-mismatch"

    def test_another_id_in_the_body_than_around_it_is_refused(self):
        assert code_of(TICKET.body(ticket_id=OTHER)) == "key-mismatch"

    def test_the_tenant_in_the_header_must_be_the_one_in_the_body(self):
        assert code_of(TICKET.header("ce_orgid", OTHER.encode())) == "org-mismatch"
        assert code_of(MEMBER.body(org_id=OTHER)) == "org-mismatch"

    def test_what_belongs_to_no_org_names_none(self):
        assert code_of(SIGNED_OUT.header("ce_orgid", OTHER.encode())) == "org-mismatch"

    def test_the_sequence_must_be_the_version_in_the_body(self):
        assert code_of(UPDATE.header("ce_sequence", b"3")) == "sequence-mismatch"

    def test_a_removed_organisation_is_its_own_organisation(self):
        body_of_another = ORG_GONE.body(org_id=OTHER).header("ce_orgid", OTHER.encode())
        assert code_of(body_of_another) == "schema"


class TestAccepted:
    def test_unknown_fields_and_headers_are_ignored(self):
        known = decode(TICKET.headers, TICKET.key, TICKET.value)
        message = TICKET.body(mood="sunny", nested={"deep": [1, {"x": "\u0000"}]}).header("x-foreign", b"hello")
        assert decode(message.headers, message.key, message.value) == known

    @pytest.mark.parametrize("trace", [b"garbage", b"", None, b"00-" + b"0" * 32])
    def test_a_broken_trace_context_does_not_cost_the_event(self, trace):
        message = TICKET.header("traceparent", trace)
        assert decode(message.headers, message.key, message.value).envelope.traceparent is None

    @pytest.mark.parametrize("content_type", [b"application/json; charset=utf-8", b"Application/JSON"])
    def test_the_content_type_may_name_its_charset(self, content_type):
        message = TICKET.header("content-type", content_type)
        decode(message.headers, message.key, message.value)

    @pytest.mark.parametrize("time", [b"1970-01-01T00:00:00Z", b"2999-01-01T00:00:00Z"])
    def test_the_time_of_the_envelope_decides_nothing(self, time):
        message = TICKET.header("ce_time", time)
        decode(message.headers, message.key, message.value)

    def test_times_are_read_in_utc_whatever_their_offset(self):
        message = TICKET.body(sla_due_at="2026-03-03T11:15:00.250+02:00")
        known = decode(TICKET.headers, TICKET.key, TICKET.value)
        assert decode(message.headers, message.key, message.value) == known

    def test_a_large_message_is_read(self):
        message = TICKET.body(future="x" * 900 * 1024)
        decode(message.headers, message.key, message.value)
