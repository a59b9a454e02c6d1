"""The envelope of a good event: headers out, the same event back in."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_contracts.envelope import Envelope, Event, InvalidMessage, UnknownEventType, decode
from opsdash_contracts.tickets import CREATED, PURGED, UPDATED, FieldChange, Priority
from opsdash_contracts.workspace import Kind, Org, Plate, upserted
from pydantic import ValidationError

from tests.contracts.files import TICKET

from .strategies import ALL_TYPES, events

ORG_ID = UUID("0198c0de-0000-7000-8000-000000000001")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_org(**changes):
    return Org(**{"org_id": ORG_ID, "version": 3, "slug": "acme", "name": "Acme", "plate": Plate.SALES, **changes})


def org_event(**attributes):
    given_or_usual = {
        "type": upserted(Kind.ORG),
        "id": uuid4(),
        "time": NOON,
        **attributes,
    }
    return Event.of(an_org(), **given_or_usual)


class TestHeaders:
    def test_a_user_event_carries_every_attribute_as_text(self):
        event_id, actor = uuid4(), uuid4()
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        event = org_event(id=event_id, actor_id=actor, traceparent=trace)
        assert event.envelope.to_headers() == [
            ("ce_id", str(event_id).encode()),
            ("ce_type", b"workspace.org.upserted"),
            ("ce_source", b"/services/gateway"),
            ("ce_subject", str(ORG_ID).encode()),
            ("ce_time", b"2026-03-01T12:00:00Z"),
            ("ce_specversion", b"1.0"),
            ("ce_dataschema", b"urn:opsdash:workspace.org.upserted:v1"),
            ("content-type", b"application/json"),
            ("ce_orgid", str(ORG_ID).encode()),
            ("ce_sequence", b"3"),
            ("ce_actorid", str(actor).encode()),
            ("traceparent", trace.encode()),
        ]

    def test_the_system_is_no_actor_and_a_first_delivery_is_not_marked(self):
        names = {name for name, _ in org_event().envelope.to_headers()}
        assert names.isdisjoint({"ce_actorid", "traceparent", "ce_replayed"})

    def test_a_replay_keeps_the_event_and_is_marked(self):
        first = org_event().envelope
        again = Envelope.from_headers(first.model_copy(update={"replayed": True}).to_headers())
        assert again.replayed
        assert again.model_copy(update={"replayed": False}) == first

    def test_the_order_of_headers_does_not_matter(self):
        assert Envelope.from_headers(reversed(TICKET.headers)) == Envelope.from_headers(TICKET.headers)


class TestRoundTrip:
    @given(event=st.sampled_from(ALL_TYPES).flatmap(events))
    def test_what_a_producer_sends_is_what_a_consumer_reads(self, event):
        assert decode(event.envelope.to_headers(), event.key, event.value()) == event


class TestProducersAreCheckedToo:
    def test_a_payload_under_the_wrong_event_type_is_refused(self):
        with pytest.raises(InvalidMessage, match="schema: Org is not the payload"):
            org_event(type=CREATED)

    def test_an_event_type_without_a_model_is_refused(self):
        with pytest.raises(UnknownEventType):
            org_event(type="workspace.team.upserted")

    def test_an_envelope_about_another_entity_is_refused(self):
        with pytest.raises(InvalidMessage, match="key-mismatch"):
            Event(org_event().envelope, an_org(org_id=uuid4()))

    def test_a_naive_time_is_refused(self):
        with pytest.raises(ValidationError):
            org_event(time=NOON.replace(tzinfo=None))

    def test_a_time_in_another_zone_is_sent_in_utc(self):
        event = org_event(time=NOON.astimezone(timezone(timedelta(hours=5))))
        assert dict(event.envelope.to_headers())["ce_time"] == b"2026-03-01T12:00:00Z"

    def test_a_purge_with_a_title_is_refused(self):
        ticket = decode(TICKET.headers, TICKET.key, TICKET.value)
        with pytest.raises(InvalidMessage, match="title is empty in a purged ticket"):
            Event.of(ticket.data, type=PURGED, id=uuid4(), time=NOON)

    def test_payloads_and_envelopes_cannot_be_altered(self):
        event = org_event()
        with pytest.raises(ValidationError):
            event.data.name = "Other"
        with pytest.raises(ValidationError):
            event.envelope.sequence = 4


class TestFieldChange:
    @pytest.mark.parametrize(
        ("domain_value", "on_the_wire"),
        [
            (NOON, "2026-03-01T12:00:00Z"),
            (ORG_ID, str(ORG_ID)),
            (Priority.HIGH, "high"),
            (None, None),
            (3, 3),
            (True, True),
            ("Title", "Title"),
        ],
    )
    def test_domain_values_become_what_the_field_would_hold(self, domain_value, on_the_wire):
        change = FieldChange.of(None, domain_value)
        assert change.model_dump() == {"from": None, "to": on_the_wire}
        assert type(change.to) is type(on_the_wire)

    def test_a_naive_time_is_refused(self):
        with pytest.raises(ValidationError):
            FieldChange.of(None, NOON.replace(tzinfo=None))

    def test_an_update_may_say_nothing_changed_but_a_count(self):
        ticket = decode(TICKET.headers, TICKET.key, TICKET.value).data.model_copy(update={"comment_count": 1})
        event = Event.of(ticket, type=UPDATED, id=uuid4(), time=NOON)
        assert b'"comment_count":1' in event.value()
