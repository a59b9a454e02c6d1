"""HTTPS in front of a gateway, as people have it: WebKit keeps no session that comes over plain HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

CHUNK_BYTES = 64 * 1024


@contextmanager
def encrypted(port: int, listen_on: int, certificate: Path) -> Iterator[None]:
    """Passes on what comes to `listen_on`. In a thread of its own, because a test waits on the event loop."""
    started: Future[Callable[[], object]] = Future()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))

    async def serve() -> None:
        over = asyncio.Event()
        await asyncio.start_server(passed, "127.0.0.1", listen_on, ssl=context)
        started.set_result(partial(asyncio.get_running_loop().call_soon_threadsafe, over.set))
        await over.wait()  # what is open then is broken off with the loop

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    end = started.result(timeout=30)
    try:
        yield
    finally:
        end()
        thread.join()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                writer.write(chunk)
                await writer.drain()
    finally:
        writer.close()
