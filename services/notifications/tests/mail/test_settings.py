"""Settings of mails: complete or absent, and never in plain text outside of the local profile."""

from __future__ import annotations

from typing import Any

import pytest
from opsdash_notifications.comments.comments_client import CommentClient
from opsdash_notifications.mail.excerpts import Excerpts
from opsdash_notifications.mail.worker import MailWorkers
from opsdash_notifications.settings import NotificationsSettings
from opsdash_notifications.tickets.tickets_client import TicketClient
from pydantic import ValidationError

LOCAL = {
    "profile": "local",
    "oidc_issuer": "https://id.example.test",
    "oidc_audience": "opsdash",
    "oidc_jwks_url": "https://id.example.test/jwks",
    "kafka_bootstrap_servers": "127.0.0.1:1",
    "kafka_idempotent_producer": True,
    "database_url": "postgresql://a@127.0.0.1/x?sslmode=require",
    "database_worker_url": "postgresql://b@127.0.0.1/x?sslmode=require",
    "tickets_url": "https://tickets.example.test",
    "token_to_tickets": "Jq8sT2yUo5iEw7rAa1dFg4hKl9zXc6vB",
    "comments_url": "https://comments.example.test",
    "token_to_comments": "Wd3fT2yUo5iEw7rAa1dFg4hKl9zXc6vM",
    "cursor_secret": "Ms4rL8nOp2tQu6vRw0xSy3zTa7bUc1dV",
}
PRODUCTION = LOCAL | {"profile": "production", "kafka_security_protocol": "SSL"}
MAILS = {
    "smtp_host": "smtp.example.test",
    "mail_from": "support@example.test",
    "mail_link_secret": "Kq8vT2yUo5iEw7rAa1dFg4hMl9zXc6nB",
    "public_url": "https://support.example.test",
}


def made(values: dict[str, Any], **changes: Any) -> NotificationsSettings:
    return NotificationsSettings(**values | changes)


def workers_of(settings: NotificationsSettings) -> MailWorkers:
    return MailWorkers.of(settings, Excerpts(TicketClient(settings), CommentClient(settings)))


def test_without_a_mail_server_nothing_is_needed_and_nobody_sends() -> None:
    workers = workers_of(made(PRODUCTION))
    assert (workers.sender, list(workers.routes)) == (None, [])


def test_with_one_mails_leave_over_tls() -> None:
    sender = workers_of(made(PRODUCTION | MAILS, smtp_user="opsdash", smtp_password="x")).sender
    assert sender is not None
    assert (sender.server.port, sender.server.tls) == (587, "starttls")


@pytest.mark.parametrize("name", ["mail_from", "mail_link_secret", "public_url"])
def test_what_is_missing_is_named(name: str) -> None:
    values = {key: value for key, value in (PRODUCTION | MAILS).items() if key != name}
    with pytest.raises(ValidationError, match=f"OPSDASH_SMTP_HOST needs OPSDASH_{name.upper()} too"):
        made(values)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"smtp_tls": "none"}, "OPSDASH_SMTP_TLS may be none in the local profile only"),
        ({"public_url": "http://support.example.test"}, "OPSDASH_PUBLIC_URL must use https"),
        ({"smtp_user": "opsdash"}, "OPSDASH_SMTP_USER and OPSDASH_SMTP_PASSWORD belong together"),
        ({"smtp_password": "x"}, "belong together"),
        ({"mail_from": "support"}, "must be an address"),
        ({"mail_from": "a@b.example\r\nBcc: c@d.example"}, "must be an address"),
        ({"mail_link_secret": "short"}, "is shorter than 32 bytes"),
    ],
)
def test_production_refuses_it(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made(PRODUCTION | MAILS, **changes)


def test_the_local_profile_may_send_in_plain_text() -> None:
    assert made(LOCAL | MAILS, smtp_tls="none", public_url="http://127.0.0.1:8000").smtp_tls == "none"
