"""Sends messages to chats, a bounded number at a time."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from opsdash_http.client.typed_address import AddressRefused, send_to_typed_address

from opsdash_notifications.chat.address import ChatAddress, check_address, compose, open_plugin
from opsdash_notifications.chat.answers import ChatFailed, Failure
from opsdash_notifications.chat.attempt import Attempt, Send

#: Messages that are composed and sent at the same time by one process.
AT_ONCE: Final = 8
#: Addresses that are checked, and tests: people wait for these, so hanging chats of the queue never have their threads.
AT_ONCE_FOR_PEOPLE: Final = 4
Result = TypeVar("Result")


class ChatClient:
    """`plain_http` is for the local profile."""

    def __init__(self, *, plain_http: bool, send: Send = send_to_typed_address) -> None:
        self._plain_http, self._send = plain_http, send
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="chat")
        self._threads_of_people = ThreadPoolExecutor(AT_ONCE_FOR_PEOPLE, thread_name_prefix="chat-of-people")

    async def check(self, text: str) -> ChatAddress:
        """Raises AddressRefused."""
        return await _in_thread(self._threads_of_people, lambda: check_address(text, plain_http=self._plain_http))

    async def send(self, address: str, lines: Sequence[str], *, notice: str, within: float | None = None) -> None:
        """One try, of ten seconds at most; `within` says how many where a person waits for it. Raises ChatFailed."""
        attempt = Attempt(address, notice, plain_http=self._plain_http, send=self._send)

        def act() -> bool:
            attempt.begin(within)
            kind, plugin = open_plugin(address, plain_http=self._plain_http)
            return compose(plugin, kind, list(lines), attempt.exchange)

        try:
            is_sent = await _in_thread(self._threads if within is None else self._threads_of_people, act)
        except AddressRefused as error:
            raise ChatFailed(Failure.REFUSED, str(error)) from error
        if not is_sent:
            raise attempt.failure

    def close(self) -> None:
        """What is under way ends by itself."""
        for threads in (self._threads, self._threads_of_people):
            threads.shutdown(wait=False, cancel_futures=True)


async def _in_thread(threads: ThreadPoolExecutor, act: Callable[[], Result]) -> Result:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(threads, context.run, act)
