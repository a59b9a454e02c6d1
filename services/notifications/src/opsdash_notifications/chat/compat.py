"""What this product needs of Apprise and requests beyond what they offer; seen with Apprise 2.3 and requests 2.34.

- Plugins of Apprise connect by the functions of requests, and nothing can be given to them in place of these. So each
  session that those functions make is one of ours: it sends nothing itself, and hands a request to whoever has composed
  the message in this context. Without one nothing is sent. It asks no proxy and no .netrc, and follows no redirect.
- They sleep between two requests, for as long as the other side says; here the queue has pauses of its own.
- They log addresses and answers.

Tests fail when a plugin of ours connects in any other way.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import requests
import requests.sessions

Exchange: TypeAlias = Callable[[requests.PreparedRequest], requests.Response]
#: Who answers the requests of this context.
EXCHANGE: Final = contextvars.ContextVar[Exchange]("chat_exchange")


class _Session(requests.Session):
    """What the functions of requests use."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        """Raises requests.ConnectionError where nobody composes a message."""
        exchange = EXCHANGE.get(None)
        if exchange is None:
            raise requests.ConnectionError("no request leaves but those of a message")
        return exchange(request)


def never_wait(plugin: Any) -> None:
    """Leave every pause to the caller."""
    plugin.throttle = lambda *_, **__: None


requests.Session = requests.sessions.Session = _Session  # type: ignore[misc] # see the module
logging.getLogger("apprise").disabled = True
