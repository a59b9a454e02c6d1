"""Tells people of an event in their inboxes, and what people do with the rows there.

Each function takes an open unit of work and never commits.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from opsdash_chassis.database.pools import PRUNED_AT_ONCE, Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.notices import Channel, Why
from opsdash_tenancy.versions import ExpectedVersions, check_version

from opsdash_notifications.access.policy import Access
from opsdash_notifications.errors import NotFound
from opsdash_notifications.inbox import model, repository
from opsdash_notifications.inbox.model import RowState
from opsdash_notifications.inbox.repository import InboxRow
from opsdash_notifications.ledger import service as ledger
from opsdash_notifications.ledger.model import Outcome, Source, is_too_old
from opsdash_notifications.mail import service as mail
from opsdash_notifications.recipients import model as recipients_model
from opsdash_notifications.recipients import repository as recipients
from opsdash_notifications.recipients.arrivals import Arrivals
from opsdash_notifications.recipients.model import Audience, Decision, Occasion
from opsdash_notifications.team_channels.announcing import announce


async def notify(
    work: UnitOfWork, source: Source, occasion: Occasion, *, replayed: bool, arrivals: Arrivals | None = None
) -> list[Decision]:
    """Tell everybody whom the occasion concerns, once for each event and person; who was told, for other channels.

    Nothing is told in an org that is gone or has no Support, and of what only builds state. With `arrivals`
    raises ComesLater while the org, or somebody whom the occasion concerns, is not known yet, for a bounded time.
    """
    audience = await _audience(work, source, occasion, replayed, arrivals) if occasion.reasons else None
    if audience is None:
        return []
    too_late = await announce(work, source, occasion.reasons, occasion.actor_id)
    decisions = {_in_inbox(decision): decision for decision in recipients_model.decide(occasion, audience)}
    new = [decisions[outcome] for outcome in await ledger.new_outcomes(work, source, list(decisions))]
    notified = [decision for decision in new if decision.is_notified]
    if notified:
        rows = [(decision.user_id, decision.reason) for decision in notified]
        await repository.notify(work.connection, source, rows, occasion, work.now)
    mailed = [decision for decision in notified if decision.mail]
    late = [decision for decision in mailed if is_too_old(decision.reason, source.at, work.now)]
    recipients_of_mail = [(decision.user_id, decision.reason) for decision in mailed if decision not in late]
    await mail.schedule(work, source, recipients_of_mail, occasion)
    # After everything else that is locked: whoever sends locks a turn of a channel or person, then the counter.
    await ledger.record(work, source, [*too_late, *map(_in_inbox, new), *map(_too_old, late)])
    return notified


async def _audience(
    work: UnitOfWork, source: Source, occasion: Occasion, replayed: bool, arrivals: Arrivals | None
) -> Audience | None:
    """None where nothing is told. Raises ComesLater."""
    org = await recipients.org(work.connection, source.org_id)
    installed_at = await recipients.installed_at(work.connection) if org is None else org.installed_at
    if model.is_silent(replayed=replayed, at=source.at, installed_at=installed_at):
        return None
    if org is None:
        audience, missing = None, {source.org_id}
    elif org.has_support:
        audience = await recipients.audience(work.connection, source.org_id, source.subject_id, occasion)
        missing = recipients_model.missing(occasion, audience, source.org_id)
    else:
        return None
    if arrivals is not None:
        arrivals.wait_for(source.org_id, missing, at=source.at, now=work.now)
    return audience


def _in_inbox(decision: Decision) -> Outcome:
    return Outcome(decision.user_id, Channel.INBOX, decision.reason, decision.why)


def _too_old(decision: Decision) -> Outcome:
    """No mail is sent of an event that is."""
    return Outcome(decision.user_id, Channel.MAIL, decision.reason, Why.TOO_OLD)


async def set_state(
    work: UnitOfWork, access: Access, row_id: UUID, state: RowState, *, if_match: ExpectedVersions
) -> InboxRow:
    """The caller's own row in another state; the same again changes nothing. Raises NotFound, StaleVersion."""
    row = await repository.lock(work.connection, access.org_id, access.user_id, row_id)
    if row is None:
        raise NotFound
    check_version(row.version, if_match)
    if row.state == state:
        return row
    await repository.set_state(work.connection, access.org_id, access.user_id, row_id, state, work.now)
    changed = await repository.lock(work.connection, access.org_id, access.user_id, row_id)
    if changed is None:
        raise NotFound
    return changed


async def forget_old(database: Database) -> None:
    """Delete rows that nobody was told anything more of for a long time."""
    days, pruned = model.KEPT // timedelta(days=1), PRUNED_AT_ONCE
    while pruned >= PRUNED_AT_ONCE:
        async with database.worker_transaction() as connection:
            pruned = await repository.prune(connection, days=days)
