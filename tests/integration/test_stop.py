"""A service stops without losing anything, under load or while it still starts (G12)."""

from __future__ import annotations

import asyncio
import signal

import aiohttp
import pytest
from opsdash_contracts.topics import TICKETS
from opsdash_local.ports import LOOPBACK, free_port

from tests.integration.checks import eventually, outbox_empty, stored_versions, versions
from tests.integration.conftest import NewStack
from tests.integration.stacks import running
from tests.support.brokers import Witness
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack


class TestStop:
    @pytest.mark.storm
    async def test_under_load_it_exits_0_and_keeps_every_acknowledged_write(self, new_stack: NewStack):
        await asyncio.gather(*(self.stop_under_load(new_stack, number) for number in (signal.SIGTERM, signal.SIGINT)))

    async def stop_under_load(self, new_stack: NewStack, number: signal.Signals) -> None:
        async with new_stack() as stack:
            service, acknowledged = await stack.tickets(), list[str]()
            load = [asyncio.create_task(self.keep_creating(stack, service, acknowledged)) for _ in range(8)]

            async def busy() -> bool:
                return len(acknowledged) > 30

            await eventually(busy, service=service)
            assert service.process is not None
            service.process.send_signal(number)
            assert await asyncio.to_thread(service.wait_exit, 25) == 0, service.logs()
            refusals = await asyncio.gather(*load)
            stored = {ticket for ticket, _ in await stored_versions(stack)}
            assert stored >= set(acknowledged)
            assert set(refusals) <= {"ClientConnectorError", "ServerDisconnectedError", "ClientOSError", "503"}
            async with running(stack), Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
                await outbox_empty(stack)
                await witness.wait_until(lambda records: {ticket for ticket, _ in versions(records)} >= stored)

    async def keep_creating(self, stack: Stack, service: ServiceProcess, acknowledged: list[str]) -> str:
        """Until the service is gone; how it was refused."""
        client = stack.client(service, stack.workspace.ours.admin)
        while True:
            try:
                answer = await client.call("POST", f"/orgs/{stack.workspace.ours.slug}/tickets", {"title": "load"})
            except (aiohttp.ClientError, OSError) as error:
                return type(error).__name__
            if answer.status != 201:
                return str(answer.status)
            acknowledged.append(answer.body["id"])

    @pytest.mark.parametrize("after_seconds", [0.4, 0.9, 1.3])
    async def test_while_starting_it_leaves_at_once(self, shared_stack: Stack, after_seconds: float):
        nobody = {"OPSDASH_KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{free_port()}"}
        service = shared_stack.start_service("tickets", shared_stack.tickets_environment | nobody, fresh=True)
        await asyncio.sleep(after_seconds)
        assert await asyncio.to_thread(service.sigterm) in {0, -signal.SIGTERM}, service.logs()
