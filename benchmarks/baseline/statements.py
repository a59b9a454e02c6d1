"""The baseline's SQL: the rows a person sees, by the shortest way, and names for its dictionary."""

from __future__ import annotations

import opsdash_markdown as markdown
from opsdash_comments.comments.view_repository import COLUMNS
from opsdash_tickets.names.repository import NAMES
from opsdash_tickets.tickets.repository import VIEW_COLUMNS

_PAGE = """
SELECT {columns} FROM tickets t WHERE t.org_id = $1 AND t.deleted_at IS NULL {conditions}
ORDER BY t.created_at DESC, t.id DESC LIMIT {limit}
"""
LIST = _PAGE.format(columns=VIEW_COLUMNS, conditions="", limit="$2")
FILTERED = _PAGE.format(
    columns=VIEW_COLUMNS, conditions="AND t.status = ANY($2::text[]) AND t.priority = ANY($3::text[])", limit="$4"
)
SEARCH = _PAGE.format(columns=VIEW_COLUMNS, conditions="AND t.search @@ search_query($1, $2)", limit="$3")
_TEXT = "description, description_html, created_by AS updated_by"
DETAIL = f"SELECT {VIEW_COLUMNS}, {_TEXT} FROM tickets t WHERE t.org_id = $1 AND t.number = $2"  # noqa: S608 - constants
COMMENTS = f"""
SELECT {COLUMNS} FROM comments c WHERE c.org_id = $1 AND c.ticket_id = $2 ORDER BY c.created_at, c.id LIMIT 50
"""  # noqa: S608 - constants
#: The ids of an org, by kind, as `NAMES` takes them.
IDS = """
SELECT ARRAY(SELECT user_id FROM members WHERE org_id = $1), ARRAY(SELECT contact_id FROM contacts WHERE org_id = $1),
       ARRAY(SELECT project_id FROM projects WHERE org_id = $1)
"""
LAST_NUMBER = "SELECT coalesce(max(number), 0) FROM tickets WHERE org_id = $1"
CREATE = f"""
INSERT INTO tickets AS t (org_id, id, number, title, description, description_html, status, priority, category,
                          sla_due_at, sla_source, created_by, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, '<p>' || $5 || '</p>', 'open', 'medium', 'general', $6, 'auto', $7, now(), now(), 1)
RETURNING {VIEW_COLUMNS}, {_TEXT}
"""  # noqa: S608 - constants
COMMENT = f"""
INSERT INTO comments AS c (org_id, id, ticket_id, author_id, body, body_html, renderer, mentions, created_at, version)
VALUES ($1, $2, $3, $4, $5, '<p>' || $5 || '</p>', {markdown.VERSION}, '{{}}', now(), 1) RETURNING {COLUMNS}
"""  # noqa: S608 - constants
__all__ = ["COMMENT", "COMMENTS", "CREATE", "DETAIL", "FILTERED", "IDS", "LAST_NUMBER", "LIST", "NAMES", "SEARCH"]
