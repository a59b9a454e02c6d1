"""What a thousand idle live streams cost one gateway process, and how soon a message of the broker reaches all of them.

`python -m benchmarks.live_streams` prints memory without and with them, and the time to the first and last reader.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import statistics
import tempfile
import time
from pathlib import Path

from opsdash_chassis.topics import create_topics

from tests.support.brokers import new_broker
from tests.support.issuer import TestIssuer
from tests.support.live import LiveClient
from tests.support.live_gateway import agreeing_owner, lone_gateway_environment, publish_breach, stream_of
from tests.support.service_process import ServiceProcess
from tests.support.stack import PARTITIONS

STREAMS = 1000
AT_ONCE = 50
ROUNDS = 20
FILES = 8192
BUDGET_MEBIBYTES = 150.0


def resident_mebibytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def measure(streams: int, folder: Path) -> None:
    kafka = new_broker(folder)
    kafka.start()
    try:
        await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS)
        with TestIssuer() as issuer:
            async with agreeing_owner() as owner, contextlib.AsyncExitStack() as stack:
                settings = lone_gateway_environment(kafka, issuer, owner)
                gateway = stack.enter_context(ServiceProcess("gateway", settings, folder))
                await gateway.ready()
                async with stream_of(gateway, issuer) as first:
                    await first.started()
                base = resident_mebibytes(gateway.pid)
                readers = [stream_of(gateway, issuer) for _ in range(streams)]
                for start in range(0, streams, AT_ONCE):
                    wave = readers[start : start + AT_ONCE]
                    await asyncio.gather(*(stack.enter_async_context(reader) for reader in wave))
                    await asyncio.gather(*(reader.started() for reader in wave))
                await asyncio.sleep(20)  # every stream has had its first keepalive
                grown = resident_mebibytes(gateway.pid) - base
                print(f"{streams} streams: {base:.0f} MiB + {grown:.1f} MiB, {grown * 1024 / streams:.1f} KiB each")
                await _latency(readers, kafka)
                if grown > BUDGET_MEBIBYTES:
                    raise SystemExit(f"more than {BUDGET_MEBIBYTES:.0f} MiB")
    finally:
        kafka.kill()


async def _latency(readers: list[LiveClient], kafka: object) -> None:
    firsts, lasts = [], []
    for turn in range(1, ROUNDS + 1):
        started = time.monotonic()
        await publish_breach(kafka)  # type: ignore[arg-type] # any broker
        await asyncio.gather(*(reader.wait_for("sla", turn, timeout=20) for reader in readers))
        arrived = [[message.at for message in reader.told if message.event == "sla"][-1] for reader in readers]
        firsts.append((min(arrived) - started) * 1000)
        lasts.append((max(arrived) - started) * 1000)
    print(f"message to first reader: p50 {statistics.median(firsts):.0f} ms, worst {max(firsts):.0f} ms")
    print(f"message to last reader:  p50 {statistics.median(lasts):.0f} ms, worst {max(lasts):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=STREAMS)
    streams = parser.parse_args().streams
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, FILES)), hard))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(streams, Path(folder)))


if __name__ == "__main__":
    main()
