"""What this product needs of Apprise and requests beyond what they offer; seen with Apprise 2.3 and requests 2.34.

- Plugins of Apprise connect by the functions of requests, and nothing can be given to them in place of these. So the
  modules of Apprise have a `requests` of ours: it sends nothing itself, and hands a request to whoever has composed the
  message in this context. Without one nothing is sent. It asks no proxy and no .netrc, and follows no redirect.
- They sleep between two requests, for as long as the other side says; here the queue has pauses of its own.
- They log addresses and answers.

Tests fail when a plugin of ours connects in any other way.
"""

from __future__ import annotations

import contextvars
import logging
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, Final, TypeAlias

import requests

Exchange: TypeAlias = Callable[[requests.PreparedRequest], requests.Response]
#: Who answers the requests of this context.
EXCHANGE: Final = contextvars.ContextVar[Exchange]("chat_exchange")


class _Session(requests.Session):
    """What the functions of requests use in modules of Apprise."""

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


def _ask(method: str, url: str, **options: Any) -> requests.Response:
    with _Session() as session:
        return session.request(method, url, **options)


def _requests() -> ModuleType:
    """The library, but for what sends."""
    made = ModuleType(requests.__name__)
    made.__dict__.update(vars(requests))
    methods = {name: partial(_ask, name.upper()) for name in _METHODS}
    made.__dict__.update(methods, request=_ask, Session=_Session, session=_Session)
    return made


def write_only() -> None:
    """Let every module of Apprise that is loaded ask nobody by itself; to be called when one was loaded."""
    for name, module in list(sys.modules.items()):
        if name.startswith("apprise.") and getattr(module, "requests", None) is requests:
            module.requests = GUARDED  # type: ignore[attr-defined] # see the module


_METHODS: Final = ("get", "options", "head", "post", "put", "patch", "delete")
#: What modules of Apprise have in place of requests.
GUARDED: Final = _requests()
# A filter, for whoever sets logging up anew switches disabled loggers on again.
logging.getLogger("apprise").addFilter(lambda _: False)
