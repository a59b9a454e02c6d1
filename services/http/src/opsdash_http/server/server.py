"""Runs an application until it is told to stop, then stops it in order.

Order: readiness fails, accepted requests finish, then the lifespan ends (consumers, relay, pools).
Exit codes: 0 stopped, 1 forced, 3 could not start, 5 the event loop stood still (see watchdog.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import structlog
import uvicorn
import uvloop
from opsdash_chassis.errors import StartupError
from opsdash_chassis.observability.descriptors import allow_as_many_as_permitted
from opsdash_chassis.observability.watchdog import Watchdog
from opsdash_chassis.settings import Profile, ServiceSettings, retired_settings

from opsdash_http.app import Application
from opsdash_http.asgi import App
from opsdash_http.server.protocol import ProblemProtocol

log = structlog.get_logger(__name__)

EXIT_FORCED = 1
EXIT_STARTUP_FAILED = 3
READINESS_SECONDS = 1.0  # time for a load balancer to see the failing readiness before connections end
DRAIN_SECONDS = 12
TOTAL_SECONDS = 24.0
NEW_OBJECTS_PER_COLLECTION = 20_000  # 700 unless told otherwise: several collections in each request
UNACKNOWLEDGED_MS = 30_000  # a client that vanished without a word would else hold its stream for a quarter of an hour


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: signals stop the process as a whole, in our order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: App, settings: ServiceSettings) -> _Server:
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        http=ProblemProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies.split(",") if settings.trusted_proxies else [],
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    return _Server(config)


def _bind(host: str, port: int) -> socket.socket:
    """Take the port before anything else starts, so that a taken port is one clear line."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # accepted connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
    listener.setblocking(False)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StartupError(f"cannot listen on port {port}: {error.strerror or error}") from error
    return listener


class Process:
    """One service process: the application's server and, when asked for, one for operations."""

    def __init__(self, application: Application, settings: ServiceSettings) -> None:
        self._application = application
        self._main = _server(application, settings)
        self._sockets = [_bind(settings.http_host, settings.http_port)]
        self._operations = _server(application.operations, settings) if application.operations else None
        if settings.operations_port is not None:
            self._sockets.append(_bind(settings.http_host, settings.operations_port))
        self._grace_seconds = 0.0 if settings.profile is Profile.LOCAL else READINESS_SECONDS
        self._stop = asyncio.Event()
        self._watchdog = Watchdog(log_seconds=settings.stall_log_seconds, exit_seconds=settings.stall_exit_seconds)

    async def run(self) -> None:
        """Start, serve, stop. Raises StartupError, or CancelledError when told to stop while starting."""
        loop = asyncio.get_running_loop()
        running = asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, running)
        with self._watchdog.watching():
            await self._run()

    async def _run(self) -> None:
        async with self._application.litestar.lifespan():
            _spare_what_stays()
            await self._serve()

    def _on_signal(self, running: asyncio.Task[None] | None) -> None:
        if self._stop.is_set():
            log.warning("forced_exit")
            os._exit(EXIT_FORCED)
        log.info("stopping")
        self._stop.set()
        self._application.health.stopping = True
        asyncio.get_running_loop().call_later(TOTAL_SECONDS, _give_up)
        if not self._main.started and running:
            running.cancel()  # still starting: there is nothing to drain

    async def _serve(self) -> None:
        main = asyncio.create_task(self._main.serve(sockets=self._sockets[:1]))
        operations = None
        if self._operations:
            operations = asyncio.create_task(self._operations.serve(sockets=self._sockets[1:]))
        await self._stop.wait()
        await asyncio.sleep(self._grace_seconds)
        self._main.should_exit = True
        for end_answers in self._application.on_drain:
            end_answers()
        await main
        if self._operations and operations:
            self._operations.should_exit = True
            await operations


def _spare_what_stays() -> None:
    """Take the modules and the application out of the collector's sight: looking through them again and again held up
    every hundredth request for some 70 ms. What requests leave behind has hardly any cycles, so it looks seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS_PER_COLLECTION)


def _give_up() -> None:
    log.error("stop_took_too_long", seconds=TOTAL_SECONDS)
    os._exit(EXIT_FORCED)


def serve(build: Callable[[], Application], settings: ServiceSettings) -> None:
    """Build the application inside the event loop and run it until SIGTERM or SIGINT; exits with a code."""

    async def run() -> None:
        await Process(build(), settings).run()

    allow_as_many_as_permitted()
    for name, instead in retired_settings().items():
        log.warning("setting_not_read", setting=name, instead=instead)
    try:
        with (
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
            contextlib.suppress(asyncio.CancelledError),
        ):
            runner.run(run())
    except (StartupError, BaseExceptionGroup) as error:
        reason = _startup_error(error)
        if reason is None:
            raise
        sys.stderr.write(f"cannot start: {reason}\n")
        raise SystemExit(EXIT_STARTUP_FAILED) from None


def _startup_error(error: BaseException) -> StartupError | None:
    """The framework's lifespan runs in a task group, which wraps what is raised inside."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_startup_error, error.exceptions)), None)
    return error if isinstance(error, StartupError) else None
