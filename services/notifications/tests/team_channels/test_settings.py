"""Settings of team channels: a secret, which needs a public address for the links in messages."""

from __future__ import annotations

import pytest
from opsdash_notifications.announcements.worker import ChannelWorkers
from pydantic import ValidationError

from services.notifications.tests.mail.test_settings import PRODUCTION, made

SECRET = "Zk3vT9yUo5iEw7rAa1dFg4hMl9zXc6nQ"
URL = {"public_url": "https://support.example.test"}


def test_without_a_secret_nothing_is_needed_and_nobody_sends() -> None:
    workers = ChannelWorkers.of(made(PRODUCTION))
    assert (workers.sender, workers.setup.secrets) == (None, None)


def test_with_one_or_two_somebody_sends() -> None:
    for secret in (SECRET, f"{SECRET[::-1]},{SECRET}"):
        assert ChannelWorkers.of(made(PRODUCTION | URL, channel_secret=secret)).sender is not None


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"channel_secret": SECRET}, "OPSDASH_CHANNEL_SECRET needs OPSDASH_PUBLIC_URL too"),
        (URL | {"channel_secret": "short"}, "shorter than 32 bytes"),
        (URL | {"channel_secret": f"{SECRET},{SECRET[::-1]},{SECRET}"}, "more than two secrets"),
        ({"public_url": "http://support.example.test", "channel_secret": SECRET}, "must use https"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(given: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        made(PRODUCTION, **given)
    messages = [error["msg"] for error in refused.value.errors()]
    assert any(named in message for message in messages)
    assert not any(SECRET in message for message in messages)
