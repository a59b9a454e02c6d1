"""An org's limit on the replicas of an owner: the documented one, whoever of its members asks whichever replica."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support.measurements import BURST, PER_SECOND, Ask, eventually, has_what_is_allowed
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack

LIMIT = {"OPSDASH_ORG_REQUESTS_PER_SECOND": str(PER_SECOND), "OPSDASH_ORG_REQUEST_BURST": str(BURST)}


def asked_by(stack: Stack, service: ServiceProcess, member: UUID) -> Ask:
    client = stack.client(service, member)

    async def ask() -> bool:
        answer = await client.call("GET", f"/orgs/{stack.workspace.ours.slug}/support")
        assert answer.status in {200, 429}, answer
        return answer.status == 200

    return ask


@pytest.mark.kafka
async def test_an_org_has_the_whole_limit_on_two_replicas_and_no_more(stack: Stack):
    replicas = [stack.start_tickets(**LIMIT) for _ in range(2)]
    for replica in replicas:
        await replica.ready()
        await eventually(replica.readiness, lambda answer: "counts with the other replicas" in answer[1])
    first, second = replicas
    ours = stack.workspace.ours
    await has_what_is_allowed([asked_by(stack, first, ours.admin), asked_by(stack, second, ours.owner)])
