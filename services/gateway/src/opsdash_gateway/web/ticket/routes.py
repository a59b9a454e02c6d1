"""The routes of one ticket, to be put below `/{locale}/org/{slug}`."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from opsdash_gateway.web.ticket import changes, comments, pages

TICKET_ROUTES: Final[list[HTTPRouteHandler]] = [
    pages.ticket_page,
    pages.ticket_properties,
    pages.ticket_activity,
    pages.ticket_sla,
    pages.edit_form,
    pages.delete_form,
    pages.choices,
    changes.change_properties,
    changes.change_text,
    changes.delete_ticket,
    changes.restore_ticket,
    changes.recompute,
    comments.more_comments,
    comments.one_comment,
    comments.edit_form,
    comments.revisions,
    comments.create_comment,
    comments.change_comment,
    comments.delete_comment,
]
