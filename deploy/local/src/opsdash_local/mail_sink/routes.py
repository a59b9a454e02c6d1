"""The routes of the sink."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.params import FromPath
from opsdash_http.errors.problems import not_found
from opsdash_http.security.authentication import PUBLIC

from opsdash_local.mail_sink.inbox import KeptMail, MailInbox
from opsdash_local.mail_sink.pages import PATH, html_page, list_page, mail_page


def mail_router(inbox: MailInbox) -> Router:
    """The list, one mail, and its HTML."""

    def found(number: int) -> KeptMail:
        mail = inbox.find(number)
        if mail is None:
            raise not_found()
        return mail

    @get("/")
    async def mails() -> Response[str]:
        return list_page(inbox.newest_first())

    @get("/{number:int}")
    async def mail(number: FromPath[int]) -> Response[str]:
        return mail_page(found(number))

    @get("/{number:int}/html")
    async def html_of_mail(number: FromPath[int]) -> Response[str]:
        html = found(number).body("html")
        if html is None:
            raise not_found()
        return html_page(html)

    return Router(
        PATH, route_handlers=[mails, mail, html_of_mail], opt={"authentication": PUBLIC}, include_in_schema=False
    )
