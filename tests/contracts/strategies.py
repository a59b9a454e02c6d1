"""Random but sensible events of every type, the way today's producers may build them."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from opsdash_contracts import comments, notices, requests, sessions, sla, tickets, usage, workspace
from opsdash_contracts.envelope import Event
from opsdash_contracts.registry import MODELS

ids = st.uuids()
versions = st.integers(1, 2**63 - 1)
counts = st.integers(0, 2**31 - 1)
moments = st.datetimes(datetime(2000, 1, 2), datetime(2200, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=200)
maybe_moments = st.none() | moments
maybe_ids = st.none() | ids
emails = st.none() | st.emails()
slugs = st.from_regex(r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts | moments | ids
field_names = st.from_regex(r"\A[a-z][a-z0-9_]{0,63}\Z").filter(lambda name: name not in {"description", "title"})
text_changed = st.just(tickets.TextChanged(changed=True))
changes = st.dictionaries(field_names, st.builds(tickets.FieldChange.of, scalars, scalars) | text_changed, max_size=5)


def ticket_payloads(event_type: str) -> st.SearchStrategy[tickets.TicketEvent]:
    """Field for field, with the few rules that hang on the event type."""
    deleted = {tickets.DELETED: moments, tickets.PURGED: moments, tickets.UPDATED: maybe_moments}
    return st.builds(
        tickets.TicketEvent,
        org_id=ids,
        version=versions,
        ticket_id=ids,
        number=versions,
        title=st.just("") if event_type == tickets.PURGED else texts,
        status=st.sampled_from(tickets.Status),
        priority=st.sampled_from(tickets.Priority),
        category=st.sampled_from(tickets.Category),
        assignee_id=maybe_ids,
        contact_id=maybe_ids,
        project_id=maybe_ids,
        created_by=ids,
        sla_due_at=maybe_moments,
        sla_source=st.none() | st.sampled_from(tickets.SlaSource),
        first_response_at=maybe_moments,
        resolved_at=maybe_moments,
        closed_at=maybe_moments,
        reopen_count=counts,
        comment_count=st.none() | counts,
        created_at=moments,
        updated_at=moments,
        deleted_at=deleted.get(event_type, st.none()),
        bulk_id=maybe_ids,
        changes=st.builds(dict, changes, description=text_changed) | changes,
    )


@st.composite
def notice_payloads(draw, event_type: str) -> notices.Notice:
    """To a person or a team channel, about a ticket or the org."""
    channel = draw(st.sampled_from(notices.Channel))
    to_team, about_ticket = channel is notices.Channel.TEAM, draw(st.booleans())
    return notices.Notice(
        org_id=draw(ids),
        version=draw(versions),
        notice_id=draw(ids),
        ticket_id=draw(ids) if about_ticket else None,
        number=draw(versions) if about_ticket else None,
        reason=draw(st.sampled_from(notices.Reason)),
        channel=channel,
        recipient_id=None if to_team else draw(ids),
        channel_id=draw(ids) if to_team else None,
        source_event_id=draw(ids),
        at=draw(moments),
        lateness_ms=None if event_type == notices.SKIPPED else draw(st.integers(0, 2**53 - 1)),
        why=None if event_type == notices.SENT else draw(st.sampled_from(notices.Why)),
    )


@st.composite
def comment_payloads(draw, event_type: str) -> comments.CommentEvent:
    """Mentions are a set, and the new ones are some of them."""
    mentions = draw(st.lists(ids, unique=True, max_size=comments.MAXIMUM_MENTIONS))
    comment, parent = draw(st.lists(ids, min_size=2, max_size=2, unique=True))
    return draw(
        st.builds(
            comments.CommentEvent,
            org_id=ids,
            version=versions,
            comment_id=st.just(comment),
            ticket_id=ids,
            ticket_sequence=versions,
            parent_id=st.sampled_from([None, parent]),
            author_id=ids,
            mentions=st.just(mentions),
            new_mentions=st.just([person for person in mentions if draw(st.booleans())]),
            created_at=moments,
            edited_at=maybe_moments,
            edited_by=maybe_ids,
            deleted_at=moments if event_type == comments.DELETED else st.none(),
            changes=changes.map(lambda found: {k: v for k, v in found.items() if k != "body"}),
        )
    )


def removals(kind: workspace.Kind) -> st.SearchStrategy[workspace.Removed]:
    def build(org_id, other_id, version):
        return workspace.Removed(
            kind=kind, id=org_id if kind is workspace.Kind.ORG else other_id, org_id=org_id, version=version
        )

    return st.builds(build, ids, ids, versions)


def sla_payloads(event_type: str) -> st.SearchStrategy[sla.SlaEvent]:
    """A moment on the side of the due time that the event type asks for."""
    common = {
        "org_id": ids,
        "version": versions,
        "ticket_id": ids,
        "number": versions,
        "ticket_version": versions,
        "priority": st.sampled_from(tickets.Priority),
        "assignee_id": maybe_ids,
        "created_by": ids,
        "rule": st.sampled_from(sla.SlaRule),
    }
    if event_type in sla.SlaTimer.event_types:
        previous = moments if event_type == sla.RESCHEDULED else st.none()
        source = st.none() | st.sampled_from(tickets.SlaSource)
        return st.builds(sla.SlaTimer, **common, due_at=moments, previous_due_at=previous, sla_source=source)
    late = event_type in {sla.BREACHED, sla.MISSED}
    gaps = st.timedeltas(timedelta(microseconds=1) if late else timedelta(0), timedelta(hours=20))
    due = st.shared(moments, key=event_type)
    moment = st.builds(lambda at, gap: at + gap if late else at - gap, due, gaps)
    if event_type in sla.SlaOutcome.event_types:
        whys = st.just({}) | st.just({"notified": False, "reason": sla.CHANGED_BEFORE_NOTICED}) if late else st.just({})
        return st.builds(
            lambda why, **fields: sla.SlaOutcome(**fields, **why), whys, **common, due_at=due, finished_at=moment
        )
    milliseconds = st.integers(0, 2**53 - 1)
    return st.builds(
        sla.SlaNotice, **common, due_at=due, detected_at=moment, lateness_ms=milliseconds, confirmed=st.booleans()
    )


_common = {"org_id": ids, "version": versions, "name": texts}
PAYLOADS = {
    workspace.upserted(workspace.Kind.ORG): st.builds(
        workspace.Org, **_common, slug=slugs, plate=st.sampled_from(workspace.Plate)
    ),
    workspace.upserted(workspace.Kind.MEMBER): st.builds(
        workspace.Member,
        **_common,
        member_id=ids,
        user_id=ids,
        email=emails,
        role=st.sampled_from(workspace.Role),
    ),
    workspace.upserted(workspace.Kind.CONTACT): st.builds(
        workspace.Contact, **_common, contact_id=ids, email=emails, company_id=maybe_ids
    ),
    workspace.upserted(workspace.Kind.COMPANY): st.builds(workspace.Company, **_common, company_id=ids),
    workspace.upserted(workspace.Kind.PROJECT): st.builds(workspace.Project, **_common, project_id=ids),
    **{workspace.removed(kind): removals(kind) for kind in workspace.Kind},
    usage.NOTICED: st.builds(
        usage.UsageNotice,
        org_id=ids,
        version=versions,
        plate=st.sampled_from(workspace.Plate),
        percent=st.sampled_from([80, 100]),
        used=counts,
        limit=st.integers(1, 2**31 - 1),
    ),
    sessions.ENDED: st.builds(
        sessions.SessionEnded, ended_id=ids, what=st.sampled_from(sessions.Ended), ended_at=moments
    ),
    **{
        event_type: st.builds(
            model,
            replica_id=ids,
            number=versions,
            sent_at=st.floats(0, 1e12),
            requests=st.dictionaries(ids, st.floats(0, 1e9), min_size=1, max_size=5),
        )
        for model in requests.RequestsCounted.__subclasses__()
        for event_type in model.event_types
    },
    **{event_type: notice_payloads(event_type) for event_type in notices.Notice.event_types},
    **{event_type: ticket_payloads(event_type) for event_type in tickets.TicketEvent.event_types},
    **{event_type: comment_payloads(event_type) for event_type in comments.CommentEvent.event_types},
    **{
        event_type: sla_payloads(event_type)
        for model in (sla.SlaTimer, sla.SlaNotice, sla.SlaOutcome)
        for event_type in model.event_types
    },
}
ALL_TYPES = [event_type for model in MODELS for event_type in model.event_types]


def events(event_type: str) -> st.SearchStrategy[Event]:
    trace = st.none() | st.from_regex(r"\A00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]\Z")
    return st.builds(
        lambda data, **attributes: Event.of(data, type=event_type, **attributes),
        PAYLOADS[event_type],
        id=ids,
        time=moments,
        actor_id=maybe_ids,
        traceparent=trace,
    )
