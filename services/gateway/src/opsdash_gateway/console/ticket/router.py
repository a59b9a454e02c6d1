"""The routes of one ticket, to be put below `/{locale}/org/{slug}`."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from opsdash_gateway.console.ticket import change_routes, comment_routes, reminder_routes, routes, watch_routes

TICKET_ROUTES: Final[list[HTTPRouteHandler]] = [
    routes.ticket_page,
    routes.ticket_properties,
    routes.ticket_activity,
    routes.ticket_sla,
    routes.edit_form,
    routes.delete_form,
    routes.choices,
    watch_routes.watch_part,
    watch_routes.change_watch,
    watch_routes.notices,
    reminder_routes.reminders_part,
    reminder_routes.set_reminder,
    reminder_routes.remove_reminder,
    change_routes.change_properties,
    change_routes.change_text,
    change_routes.delete_ticket,
    change_routes.restore_ticket,
    change_routes.recompute,
    comment_routes.more_comments,
    comment_routes.one_comment,
    comment_routes.edit_form,
    comment_routes.revisions,
    comment_routes.create_comment,
    comment_routes.change_comment,
    comment_routes.delete_comment,
]
