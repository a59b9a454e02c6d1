"""Messages to a real server: what its answers mean, how much is read of them, and how long they are waited for."""

from __future__ import annotations

import asyncio
import logging.config
from collections.abc import AsyncIterator, Mapping

import pytest
from opsdash_http.client import typed_address
from opsdash_http.client.typed_address import Answer, send_to_typed_address
from opsdash_notifications.chat import attempt
from opsdash_notifications.chat.answers import LONGEST_WORDS, ChatFailed, Failure
from opsdash_notifications.chat.client import AT_ONCE, ChatClient

from services.notifications.tests.fake_chat import HOST, STAND_IN, FakeChat, Resolver
from tests.support.measurements import eventually

TOKEN = "Jq8sT2yUo5iEw7rAa1dFg4hK"


@pytest.fixture
async def chat(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeChat]:
    real = typed_address.is_public
    monkeypatch.setattr(typed_address, "is_public", lambda text: text == STAND_IN or real(text))
    made = FakeChat()
    await made.start()
    yield made
    await made.stop()


async def failure_of(chat: FakeChat, answer: int | None = 200) -> ChatFailed:
    chat.answers[TOKEN] = answer
    client = ChatClient(plain_http=True, send=chat.send)
    with pytest.raises(ChatFailed) as failed:
        await client.send(chat.address(TOKEN), ["hello"], notice="n")
    client.close()
    return failed.value


async def test_a_message_arrives(chat: FakeChat):
    client = ChatClient(plain_http=True, send=chat.send)
    await client.send(chat.address(TOKEN), ["hello", "world"], notice="n")
    client.close()
    assert [(each.token, each.text, each.notice) for each in chat.taken] == [(TOKEN, "hello\nworld", "n")]


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (302, Failure.REFUSED), (400, Failure.REFUSED), (401, Failure.REFUSED), (404, Failure.REFUSED),
        (408, Failure.UNREACHABLE), (429, Failure.UNREACHABLE), (500, Failure.UNREACHABLE), (503, Failure.UNREACHABLE),
    ],
)  # fmt: skip
async def test_what_an_answer_means(chat: FakeChat, status: int, failure: Failure):
    failed = await failure_of(chat, status)
    assert (failed.failure, failed.status) == (failure, status)
    assert len(chat.asked) == 1, "no redirect is followed, and nothing is repeated"


async def test_its_words_are_bounded_in_one_line_and_without_our_secret(chat: FakeChat):
    chat.words = f"no\r\nsuch hook {TOKEN}\x1b[31m <script>" + "x" * 100_000
    words = (await failure_of(chat, 404)).words
    assert len(words) == LONGEST_WORDS
    assert words.startswith("HTTP 404 no such hook …")
    assert words.isprintable()


async def test_a_hanging_chat_is_given_up(chat: FakeChat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attempt, "TOTAL_SECONDS", 0.1)
    failed = await failure_of(chat, None)
    assert (failed.failure, failed.words) == (Failure.UNREACHABLE, "It does not answer (TimeoutError).")


async def test_hanging_ones_leave_the_event_loop_alone(chat: FakeChat, monkeypatch: pytest.MonkeyPatch):
    """As many as there are threads; the loop goes on, which sends for all of them."""
    monkeypatch.setattr(attempt, "TOTAL_SECONDS", 0.3)
    chat.answers[TOKEN] = None
    client = ChatClient(plain_http=True, send=chat.send)
    sending = [client.send(chat.address(TOKEN), ["x"], notice="n") for _ in range(AT_ONCE)]
    found = await asyncio.gather(*sending, return_exceptions=True)
    client.close()
    assert [getattr(each, "failure", None) for each in found] == [Failure.UNREACHABLE] * AT_ONCE
    assert len(chat.asked) == AT_ONCE


async def test_a_message_that_waits_for_a_thread_is_tried_all_the_same(chat: FakeChat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attempt, "TOTAL_SECONDS", 0.3)
    chat.answers["hangs"] = None
    client = ChatClient(plain_http=True, send=chat.send)
    hanging = [client.send(chat.address("hangs"), ["x"], notice="n") for _ in range(AT_ONCE)]
    found = await asyncio.gather(*hanging, client.send(chat.address(TOKEN), ["x"], notice="n"), return_exceptions=True)
    client.close()
    assert found[-1] is None
    assert [each.token for each in chat.taken] == [TOKEN]


async def test_what_was_never_tried_is_tried_again(chat: FakeChat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attempt, "MOST_REQUESTS", 0)
    assert (await failure_of(chat)).failure is Failure.UNREACHABLE


async def test_hanging_messages_keep_no_address_from_being_checked(chat: FakeChat):
    chat.answers["hangs"] = None
    client = ChatClient(plain_http=True, send=chat.send)
    hanging = [asyncio.create_task(client.send(chat.address("hangs"), ["x"], notice="n")) for _ in range(AT_ONCE)]
    await eventually(lambda: _count(chat), lambda count: count == AT_ONCE)
    await client.check(chat.address(TOKEN))
    await client.send(chat.address(TOKEN), ["x"], notice="n", within=4.0)
    assert not any(each.done() for each in hanging)
    await chat.stop()
    await asyncio.gather(*hanging, return_exceptions=True)
    client.close()


async def _count(chat: FakeChat) -> int:
    return len(chat.asked)


@pytest.mark.parametrize("leads_to", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "224.0.0.1"])
async def test_a_name_that_leads_into_the_network_when_it_is_used(chat: FakeChat, leads_to: str):
    """Also where one of its addresses is public."""
    asked = list[str]()

    async def send(method: str, url: str, *, headers: Mapping[str, str], body: bytes, plain_http: bool) -> Answer:
        asked.append(url)
        resolver = Resolver(STAND_IN, leads_to)
        return await send_to_typed_address(
            method, url, headers=headers, body=body, plain_http=plain_http, resolver=resolver
        )

    client = ChatClient(plain_http=True, send=send)
    with pytest.raises(ChatFailed) as failed:
        await client.send(chat.address(TOKEN), ["x"], notice="n")
    client.close()
    assert (failed.value.failure, failed.value.words) == (Failure.REFUSED, "Its host is not on the public internet.")
    assert (len(asked), chat.asked) == (1, [])


async def test_a_name_that_is_not_known(chat: FakeChat):
    client = ChatClient(plain_http=False)
    with pytest.raises(ChatFailed) as failed:
        await client.send(f"mmosts://nowhere.{HOST}/{TOKEN}", ["x"], notice="n")
    client.close()
    assert failed.value.failure is Failure.UNREACHABLE


async def test_nothing_of_an_address_is_logged(chat: FakeChat, caplog: pytest.LogCaptureFixture):
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    caplog.set_level(0)
    await failure_of(chat, 404)
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    assert not any(TOKEN in message for message in ours), "of this process but for the chat itself"
