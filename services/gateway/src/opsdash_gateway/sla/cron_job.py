"""`opsdash-gateway cron`: what a scheduled job runs. Calls the cron route once and says what came of it.

The secret comes from a setting or a mounted file, never from an argument: arguments are readable by everybody who may
list processes or pods.
"""

from __future__ import annotations

import http.client
import sys
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from opsdash_chassis.setting_types import HttpUrl, RotatingSecret
from opsdash_chassis.settings import PREFIX
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CRON_PATH = "/api/cron/sla-breach-notifications"
EXIT_REFUSED = 1
EXIT_GATEWAY_AWAY = 3
MEANING = {
    401: f"{PREFIX}CRON_SECRET is not the secret the gateway knows",
    429: "too many wrong secrets came from this address; wait a minute",
    503: "the SLA monitor does not answer; the next run makes up for it",
}


class CronJobSettings(BaseSettings):
    """Where the gateway is and what opens its cron route."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    gateway_url: HttpUrl
    cron_secret: RotatingSecret
    cron_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60


def run(settings: CronJobSettings) -> int:
    """One call; returns the exit code. Repeating it is safe at any time."""
    try:
        status, body = _call(settings)
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"cron: the gateway at {settings.gateway_url} does not answer ({type(error).__name__})\n")
        return EXIT_GATEWAY_AWAY
    if status != http.client.OK:
        sys.stderr.write(f"cron: the gateway answered {status}: {MEANING.get(status, 'unexpected')}\n")
        return EXIT_REFUSED
    sys.stdout.write(f"{body}\n")
    return 0


def _call(settings: CronJobSettings) -> tuple[int, str]:
    url = urlsplit(settings.gateway_url)
    secret = settings.cron_secret.get_secret_value().split(",")[0]  # while it is rotated the new one comes first
    connection = _connection(url, settings.cron_timeout_seconds)
    try:
        connection.request("POST", f"{url.path}{CRON_PATH}", headers={"Authorization": f"Bearer {secret}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def _connection(url: SplitResult, seconds: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "", url.port, timeout=seconds)
