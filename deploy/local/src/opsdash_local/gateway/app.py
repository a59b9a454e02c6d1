"""Composition root of the local stack's gateway."""

from __future__ import annotations

from opsdash_gateway import app
from opsdash_gateway.publishing.publisher import Publisher
from opsdash_http.app import Application

from opsdash_local.dev_issuer.routes import issuer_router
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.mail_sink.inbox import MailInbox
from opsdash_local.mail_sink.routes import mail_router
from opsdash_local.mail_sink.smtp import SmtpSink


def build_app(
    settings: LocalGatewaySettings, publisher: Publisher | None = None, endings_publisher: Publisher | None = None
) -> Application:
    """The gateway and, where settings ask for them, issuer and mail sink. Raises StartupError for a bad key file."""
    issuer, inbox = issuer_router(settings), MailInbox()
    sink = settings.dev_mail_port and SmtpSink(settings.http_host, settings.dev_mail_port, inbox)
    routes = [*([issuer] if issuer else []), *([mail_router(inbox)] if sink else [])]
    application = app.build_app(settings, publisher, endings_publisher, more_routes=routes)
    if sink:
        application.litestar.on_startup.append(sink.start)
        application.litestar.on_shutdown.append(sink.stop)
    return application
