"""What happens to a due time, as its ledger tells it. The scenarios mostly wait, so they run side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from opsdash_contracts.notices import FAILED, SENT, Channel, Notice, Reason, Why
from opsdash_contracts.sla import BREACHED, MET, WARNING, notice_id
from opsdash_contracts.tickets import UPDATED
from opsdash_contracts.topics import NOTICES, TICKETS
from opsdash_contracts.workspace import Org, Plate

from tests.integration.checks import metric
from tests.integration.conftest import BREACH, HOUR, SOON, Scene, SlaRunning, event_of
from tests.integration.stacks import SideBySide
from tests.support.measurements import eventually
from tests.support.sla import Seed, notified
from tests.support.stack import Client, token
from tests.support.workspace import Feed, message, publish

pytestmark = pytest.mark.kafka


async def stamped(scene: Scene) -> None:
    due = datetime.now(UTC) + SOON
    ticket = await scene.client.create_ticket("ours", sla_due_at=due.isoformat())
    await scene.witness.wait_until(lambda _: bool(scene.published(BREACHED, ticket["id"])))
    breach = await scene.published_once(BREACHED, ticket["id"])

    async def stamp() -> object:
        return (await scene.client.call("GET", f"{scene.path}/{ticket['id']}")).body["sla_breached_at"]

    assert await eventually(stamp) == breach["detected_at"]
    assert breach["confirmed"] is True
    assert str(notice_id(BREACHED, scene.rig.org, UUID(ticket["id"]), due)) in notified(scene.witness)


async def gap(scene: Scene) -> None:
    """The owner is at version 7; of its events only the fifth arrives, and later the second."""
    (ticket,) = await scene.rig.insert_silent([Seed(due_in=3600)])
    due = (await scene.rig.tickets_query("UPDATE tickets SET version = 7 WHERE id = $1 RETURNING *", ticket))[0]
    async with Feed(scene.rig.stack.kafka.bootstrap_servers, TICKETS) as feed:
        for version in (5, 2):
            seen = event_of(due, version=version, due_at=datetime.now(UTC) + timedelta(hours=version))
            await feed.send(message(seen, UPDATED))
    found = await scene.ledger(ticket, ("scheduled", "manual"))
    assert datetime.fromisoformat(found[0]["due_at"]) == due["sla_due_at"]
    rows = await scene.rig.query("SELECT version FROM deadlines WHERE ticket_id = $1", ticket)
    assert rows[0]["version"] == 7
    assert await metric(scene.monitor, "opsdash_sla_version_gaps_total") == 1


async def moved(scene: Scene) -> None:
    ticket = await scene.create(HOUR)
    await scene.due_in(ticket, SOON)
    await scene.ledger(ticket, ("scheduled", "manual"), ("rescheduled", "manual"), BREACH)
    await scene.due_in(ticket, SOON)
    second = (("rescheduled", "manual"), BREACH)
    found = await scene.ledger(ticket, ("scheduled", "manual"), ("rescheduled", "manual"), BREACH, *second)
    assert len({e["event_id"] for e in found if e["kind"] == "breached"}) == 2
    assert found[1]["previous_due_at"] == found[0]["due_at"]
    assert found[3]["actor_id"] == str(scene.rig.stack.workspace.ours.owner)


async def cleared(scene: Scene) -> None:
    ticket = await scene.create(SOON)
    await scene.patch(ticket, sla_due_at=None)
    await asyncio.sleep(SOON.total_seconds() + 1)
    await scene.ledger(ticket, ("scheduled", "manual"), ("cancelled", "cleared"))
    await scene.due_in(ticket, HOUR)
    await scene.ledger(ticket, ("scheduled", "manual"), ("cancelled", "cleared"), ("scheduled", "manual"))


async def finished_with_its_due_time(scene: Scene) -> None:
    """One change gives a due time and finishes the ticket, after an earlier cycle had been missed."""
    ticket = str(*await scene.rig.insert([Seed(due_in=-60, age=7200)]))
    await scene.patch(ticket, status="resolved")
    await scene.patch(ticket, status="open")
    await scene.patch(ticket, sla_due_at=None)
    await scene.patch(ticket, status="resolved", sla_due_at=(datetime.now(UTC) + HOUR).isoformat())
    assert (await scene.client.call("GET", f"{scene.path}/{ticket}")).body["sla_state"] == "met"

    async def kinds() -> list[str]:
        return [entry["kind"] for entry in await scene.rig.ledger(scene.monitor, ticket)]

    found = await eventually(kinds, lambda kinds: kinds[-1:] == ["met"], timeout=45)
    assert found[-2:] == ["scheduled", "met"]
    assert "missed" in found
    await scene.published_once(MET, ticket)


async def moved_back(scene: Scene) -> None:
    """The seeded due time is what the priority gives, so that a recompute goes back to it after it was missed."""
    (ticket,) = await scene.rig.insert([Seed(due_in=2, age=72 * 3600 - 2)])
    await scene.ledger(ticket, ("scheduled", "manual"), BREACH)
    await scene.due_in(str(ticket), timedelta(days=30))  # four fifths of the window must not have passed
    answer = await scene.client.call("POST", f"{scene.path}/{ticket}/sla/recompute?dry_run=true")
    assert (answer.body["changed"], answer.body["after"]["sla_state"], answer.body["version"]) == (True, "breached", 2)
    answer = await scene.client.call("POST", f"{scene.path}/{ticket}/sla/recompute")
    assert (answer.body["after"]["sla_source"], answer.body["version"]) == ("auto", 3)
    back = (("rescheduled", "manual"), ("rescheduled", "recomputed"), ("breached", False, "already_notified"))
    await scene.ledger(ticket, ("scheduled", "manual"), BREACH, *back)
    await scene.published_once(BREACHED, ticket)


async def priority_changed(scene: Scene) -> None:
    ticket = str((await scene.client.create_ticket("ours", priority="low"))["id"])
    await scene.patch(ticket, priority="urgent")
    await scene.due_in(ticket, HOUR)  # what comes after shows that nothing came of the priority
    await scene.ledger(ticket, ("scheduled", "priority"), ("rescheduled", "manual"))


async def recomputed(scene: Scene) -> None:
    """After the priority changed the due time follows only when asked, as a normal version with its author."""
    ticket = str((await scene.client.create_ticket("ours", priority="low"))["id"])
    path = f"{scene.path}/{ticket}/sla/recompute"
    assert (await scene.client.call("POST", path)).body["changed"] is False
    await scene.patch(ticket, priority="urgent")
    viewer = Client(scene.client.url, scene.rig.stack.issuer.authorization(scene.rig.stack.workspace.ours.viewer))
    assert (await viewer.call("POST", path)).status == 403
    assert (await scene.client.call("POST", path, **{"If-Match": '"1"'})).status == 412
    first = await scene.client.call("POST", path, **{"Idempotency-Key": ticket})
    again = await scene.client.call("POST", path, **{"Idempotency-Key": ticket})
    assert (first.body["version"], again.body) == (3, first.body)
    before, after = (datetime.fromisoformat(first.body[side]["sla_due_at"]) for side in ("before", "after"))
    assert before - after == timedelta(hours=168 - 4)
    await scene.ledger(ticket, ("scheduled", "priority"), ("rescheduled", "recomputed"))


async def deleted_and_restored(scene: Scene) -> None:
    ticket = await scene.create(SOON)
    assert (await scene.client.call("DELETE", f"{scene.path}/{ticket}")).status == 204
    await asyncio.sleep(SOON.total_seconds() + 1)
    await scene.ledger(ticket, ("scheduled", "manual"), ("cancelled", "deleted"))
    assert (await scene.client.call("POST", f"{scene.path}/{ticket}/restore")).status == 200
    await scene.ledger(ticket, ("scheduled", "manual"), ("cancelled", "deleted"), ("scheduled", "restored"), BREACH)


async def reopened(scene: Scene) -> None:
    ticket = await scene.create(SOON)
    await scene.patch(ticket, status="resolved")
    await asyncio.sleep(SOON.total_seconds() + 1)
    in_time = (("scheduled", "manual"), ("met", "finished"))
    await scene.ledger(ticket, *in_time)
    await scene.patch(ticket, status="open")
    again = (("scheduled", "reopened"), BREACH)
    await scene.ledger(ticket, *in_time, *again)
    await scene.patch(ticket, status="closed")
    await scene.patch(ticket, status="open")
    twice = (("missed", "finished"), ("scheduled", "reopened"), ("breached", False, "already_notified"))
    await scene.ledger(ticket, *in_time, *again, *twice)
    await scene.published_once(BREACHED, ticket)


async def warned(scene: Scene) -> None:
    (ticket,) = await scene.rig.insert([Seed(due_in=1803, age=7200)])
    found = await scene.ledger(ticket, ("scheduled", "manual"), ("warned", True, None))
    warning = await scene.published_once(WARNING, ticket)
    assert found[1]["lateness_ms"] == warning["lateness_ms"]


async def delivered(scene: Scene) -> None:
    """Of a notice that is reported twice, and once late, the newest report counts."""
    ticket = await scene.create(SOON)
    found = await scene.ledger(ticket, ("scheduled", "manual"), BREACH)
    ours, breach = scene.rig.stack.workspace.ours, UUID(found[1]["event_id"])
    mail = uuid4()

    def notice(version: int, person: UUID, channel: Channel, id_: UUID, why: Why | None = None) -> Notice:
        return Notice(
            org_id=ours.id, version=version, notice_id=id_, ticket_id=UUID(ticket), number=1,
            reason=Reason.SLA_BREACHED, channel=channel, recipient_id=person, channel_id=None, source_event_id=breach,
            at=datetime.now(UTC), lateness_ms=5, why=why,
        )  # fmt: skip

    async with Feed(scene.rig.stack.kafka.bootstrap_servers, NOTICES) as feed:
        await feed.send(message(notice(3, ours.admin, Channel.MAIL, mail), SENT))
        await feed.send(message(notice(2, ours.admin, Channel.MAIL, mail, Why.UNREACHABLE), FAILED))
        await feed.send(message(notice(1, ours.owner, Channel.INBOX, uuid4()), SENT))

    async def deliveries() -> list[tuple[str, str, str]]:
        told = (await scene.rig.ledger(scene.monitor, ticket, None))[1]["deliveries"]
        return [(item["recipient_id"], item["channel"], item["state"]) for item in told]

    told = [(str(ours.owner), "inbox", "sent"), (str(ours.admin), "mail", "sent")]
    assert await eventually(deliveries, lambda found: len(found) == len(told)) == told


async def free_and_back(scene: Scene) -> None:
    org = scene.rig.stack.workspace.foreign
    servers = scene.rig.stack.kafka.bootstrap_servers

    async def change_plate(plate: Plate, version: int) -> None:
        data = Org(org_id=org.id, slug=org.slug, name="Foreign", plate=plate, version=version)
        await publish(servers, data)

    async def refused() -> bool:
        return (await owner.call("GET", f"/orgs/{org.slug}/support")).status == 403

    owner = Client(scene.client.url, scene.rig.stack.issuer.authorization(org.owner))
    await change_plate(Plate.FREE, 2)
    await eventually(refused)
    (ticket,) = await scene.rig.insert([Seed(due_in=3)], org.id)
    held = (("scheduled", "manual"), ("breached", False, "support_not_in_plan"))
    await scene.ledger(ticket, *held, org_id=org.id)
    assert not scene.published(BREACHED, ticket)
    await change_plate(Plate.SALES, 3)
    await scene.ledger(ticket, *held, BREACH, org_id=org.id)
    await scene.published_once(BREACHED, ticket)


@pytest.fixture(scope="module")
async def scenarios(sla_running: SlaRunning) -> AsyncIterator[SideBySide]:
    both = SideBySide(**{scenario.__name__: scenario(Scene(sla_running)) for scenario in SCENARIOS})
    yield both
    await both.close()


SCENARIOS = (
    stamped, gap, moved, cleared, finished_with_its_due_time, moved_back, priority_changed, recomputed,
    deleted_and_restored, reopened, warned, free_and_back, delivered,
)  # fmt: skip


async def test_a_breach_is_told_under_its_own_id_and_stamped_on_the_ticket(scenarios: SideBySide):
    await scenarios.outcome("stamped")


async def test_after_a_gap_in_a_tickets_versions_the_owner_is_asked(scenarios: SideBySide):
    await scenarios.outcome("gap")


class TestLedgerOf:
    async def test_a_moved_due_time_is_told_again_under_another_id(self, scenarios: SideBySide):
        await scenarios.outcome("moved")

    async def test_a_cleared_due_time_is_told_to_nobody(self, scenarios: SideBySide):
        await scenarios.outcome("cleared")

    async def test_a_due_time_that_came_with_the_end_has_an_outcome(self, scenarios: SideBySide):
        await scenarios.outcome("finished_with_its_due_time")

    async def test_a_due_time_moved_back_is_not_told_again(self, scenarios: SideBySide):
        await scenarios.outcome("moved_back")

    async def test_another_priority_moves_nothing(self, scenarios: SideBySide):
        await scenarios.outcome("priority_changed")

    async def test_a_recompute_follows_the_priority_as_a_normal_version(self, scenarios: SideBySide):
        await scenarios.outcome("recomputed")

    async def test_a_deleted_ticket_is_told_only_after_it_is_restored(self, scenarios: SideBySide):
        await scenarios.outcome("deleted_and_restored")

    async def test_a_ticket_reopened_after_its_due_time_is_told_once(self, scenarios: SideBySide):
        await scenarios.outcome("reopened")

    async def test_a_warning_comes_before_the_breach(self, scenarios: SideBySide):
        await scenarios.outcome("warned")

    async def test_a_free_plate_holds_notices_back_until_the_org_is_back(self, scenarios: SideBySide):
        await scenarios.outcome("free_and_back")

    async def test_a_breach_shows_who_was_told_of_it(self, scenarios: SideBySide):
        await scenarios.outcome("delivered")


async def test_people_are_named_for_the_gateway_and_only_those_of_the_org(sla_running: SlaRunning):
    stack = sla_running.rig.stack
    ours, foreign = stack.workspace.ours, stack.workspace.foreign
    url = f"{sla_running.rig.tickets.url}/internal/orgs/{ours.id}/people"
    wanted = {"ids": [str(ours.owner), str(foreign.owner), str(uuid4())]}

    async def ask(caller: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token(caller, 'tickets')}"}
        async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=wanted) as answer:
            return answer.status, await answer.json()

    status, body = await ask("gateway")
    assert status == 200
    assert [(person["id"], person["active"]) for person in body["people"]] == [(str(ours.owner), True)]
    assert (await ask("comments"))[0] in {401, 403}
