"""The pages of the sink; every value is escaped. A mail's HTML is a document of its own, which may do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from litestar import Response
from litestar.enums import MediaType
from opsdash_gateway.console.auth.standalone_page import standalone_page

from opsdash_local.mail_sink.inbox import KeptMail

PATH = "/dev/mail"
#: For the HTML of a mail: an origin of its own, without scripts, forms and anything fetched.
SANDBOX = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Referrer-Policy": "no-referrer",
}
_NO_TEXT = "There is no text in it."


def list_page(mails: Iterator[KeptMail]) -> Response[str]:
    """Newest first."""
    items = "".join(
        f'<li><a href="{PATH}/{mail.number}">{escape(mail.subject) or "(no subject)"}</a><br>'
        f"to {escape(', '.join(mail.recipients))}, {mail.received_at:%H:%M:%S} UTC</li>"
        for mail in mails
    )
    note = "<p>Development only: mails that the local stack has sent, newest first. Nobody gets them.</p>"
    return standalone_page("Mails", f"{note}<ul>{items}</ul>" if items else f"{note}<p>None yet.</p>")


def mail_page(mail: KeptMail) -> Response[str]:
    """Its text and its headers as they came."""
    headers = "\n".join(f"{name}: {value}" for name, value in mail.headers)
    html = f'<p><a href="{PATH}/{mail.number}/html">As HTML</a></p>' if mail.body("html") is not None else ""
    return standalone_page(
        mail.subject or "(no subject)",
        f"<p>From {escape(mail.sender)} to {escape(', '.join(mail.recipients))}</p>"
        f"<pre>{escape(mail.body('plain') or _NO_TEXT)}</pre>{html}"
        f"<h2>Headers</h2><pre>{escape(headers)}</pre>"
        f'<p><a href="{PATH}">All mails</a></p>',
    )


def html_page(html: str) -> Response[str]:
    """The HTML itself, as the mail has it."""
    return Response(html, media_type=MediaType.HTML, headers=SANDBOX)
