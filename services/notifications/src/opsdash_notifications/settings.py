"""Settings of the notifications service, and the two facts its parts agree on."""

from __future__ import annotations

from typing import Annotated, Final, Self

from opsdash_chassis.setting_types import Count, HttpUrl, NonEmpty, PerSecond, Port, RotatingSecret, Secret, ShownSecret
from opsdash_chassis.settings import PREFIX, DatabaseSettings, Profile
from pydantic import AfterValidator, SecretStr, model_validator

from opsdash_notifications.mail.composition import is_address
from opsdash_notifications.mail.smtp import SmtpTls

SERVICE: Final = "notifications"
#: The schema revision this version of the service needs.
REVISION: Final = "0005"


#: What mails cannot be sent without.
_FOR_MAILS: Final = ("mail_from", "mail_link_secret", "public_url")


def _check_address(value: str) -> str:
    if not is_address(value):
        raise ValueError("must be an address such as support@example.com")
    return value


class NotificationsSettings(DatabaseSettings):
    """How much one org may ask for, where to ask about tickets and for the texts of mails, mail server and chats."""

    service_urls = ("tickets_url", "comments_url")

    org_requests_per_second: PerSecond = 200
    org_request_burst: Count = 1000
    tickets_url: HttpUrl
    token_to_tickets: ShownSecret
    comments_url: HttpUrl
    token_to_comments: ShownSecret
    cursor_secret: Secret
    smtp_host: NonEmpty | None = None
    smtp_port: Port = 587
    smtp_tls: SmtpTls = SmtpTls.STARTTLS
    smtp_user: NonEmpty | None = None
    smtp_password: SecretStr | None = None
    mail_from: Annotated[NonEmpty, AfterValidator(_check_address)] | None = None
    mail_link_secret: RotatingSecret | None = None
    public_url: HttpUrl | None = None
    channel_secret: RotatingSecret | None = None

    @model_validator(mode="after")
    def _mails_are_complete(self) -> Self:
        """Without a mail server no mail is sent, and none of this is needed."""
        missing = [name for name in _FOR_MAILS if getattr(self, name) is None]
        if self.smtp_host is not None and missing:
            names = ", ".join(f"{PREFIX}{name.upper()}" for name in missing)
            raise ValueError(f"{PREFIX}SMTP_HOST needs {names} too; without a mail server, name none of them")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError(f"{PREFIX}SMTP_USER and {PREFIX}SMTP_PASSWORD belong together")
        return self

    @model_validator(mode="after")
    def _messages_have_a_link(self) -> Self:
        if self.channel_secret is not None and self.public_url is None:
            raise ValueError(f"{PREFIX}CHANNEL_SECRET needs {PREFIX}PUBLIC_URL too: messages to chats have a link")
        return self

    @model_validator(mode="after")
    def _mails_leave_over_tls(self) -> Self:
        if self.profile is Profile.LOCAL:
            return self
        if self.smtp_tls is SmtpTls.NONE:
            raise ValueError(f"{PREFIX}SMTP_TLS may be none in the local profile only; give starttls or implicit")
        if self.public_url is not None and not self.public_url.startswith("https://"):
            raise ValueError(f"{PREFIX}PUBLIC_URL must use https in the production profile")
        return self
