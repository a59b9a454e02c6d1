"""People at work while something happens to the stack: they create tickets and read, and every answer is kept."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import requests

from tests.compose.conftest import TICKETS, ComposeStack

NO_ANSWER = 0
OK_BELOW = 400
PAUSE_SECONDS = 0.1
#: Half a minute and more, in which everything has to be back.
ATTEMPTS = 200


@dataclass
class Work:
    """`created` has the ids that were answered; `statuses` every answer, 0 for none."""

    statuses: Counter[int] = field(default_factory=Counter)
    created: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


@contextmanager
def people_at_work(stack: ComposeStack, *, persons: int = 2) -> Iterator[Work]:
    """Until the block ends; a write that is not answered is sent again with its key, as the documentation asks."""
    work, done = Work(), threading.Event()
    token = stack.token()
    threads = [threading.Thread(target=_work, args=(stack.url, token, work, done)) for _ in range(persons)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        yield work
        time.sleep(1)
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _work(url: str, token: str, work: Work, done: threading.Event) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    while not done.is_set():
        key = uuid4().hex
        created = _until_answered(session, f"{url}{TICKETS}", key, work)
        work.created += [created] if created else []
        _send(session, "GET", f"{url}{TICKETS}?limit=10", work)
        time.sleep(PAUSE_SECONDS)


def _until_answered(session: requests.Session, url: str, key: str, work: Work) -> str | None:
    """The id of the ticket; the end of the work does not cut off a write that may be stored."""
    for _ in range(ATTEMPTS):
        answer = _send(session, "POST", url, work, json={"title": f"Work {key}"}, headers={"Idempotency-Key": key})
        if answer is not None and answer.status_code < OK_BELOW:
            return str(answer.json()["id"])
        time.sleep(PAUSE_SECONDS * 3)
    work.unanswered.append(key)
    return None


def _send(
    session: requests.Session, method: str, url: str, work: Work, **arguments: object
) -> requests.Response | None:
    try:
        answer = session.request(method, url, timeout=20, **arguments)  # type: ignore[arg-type]
    except requests.RequestException as error:
        work.statuses[NO_ANSWER] += 1
        work.errors.append(f"{method}: {error}")
        return None
    work.statuses[answer.status_code] += 1
    if answer.status_code >= OK_BELOW:
        work.errors.append(f"{method}: {answer.status_code} {answer.text[:200]}")
    return answer
