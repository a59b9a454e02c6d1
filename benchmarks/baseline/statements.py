"""The baseline's SQL: the rows a person sees, by the shortest way."""

from __future__ import annotations

from opsdash_tickets.tickets.repository import NAMES, VIEW_COLUMNS

_PAGE = """
SELECT {columns} FROM (
    SELECT t.* FROM tickets t WHERE t.org_id = $1 AND t.deleted_at IS NULL {conditions}
    ORDER BY t.created_at DESC, t.id DESC LIMIT {limit}
) t {names} ORDER BY t.created_at DESC, t.id DESC
"""
# The same rows, and the same names joined to them, as the product shows.
LIST = _PAGE.format(columns=VIEW_COLUMNS, names=NAMES, conditions="", limit="$2")
FILTERED = _PAGE.format(
    columns=VIEW_COLUMNS,
    names=NAMES,
    conditions="AND t.status = ANY($2::text[]) AND t.priority = ANY($3::text[])",
    limit="$4",
)
SEARCH = _PAGE.format(columns=VIEW_COLUMNS, names=NAMES, conditions="AND t.search @@ search_query($1, $2)", limit="$3")
DETAIL = f"SELECT {VIEW_COLUMNS}, t.description FROM tickets t {NAMES} WHERE t.org_id = $1 AND t.number = $2"  # noqa: S608
COMMENTS = """
SELECT c.*, m.name AS author_name FROM comments c
LEFT JOIN members m ON m.org_id = c.org_id AND m.user_id = c.author_id
WHERE c.org_id = $1 AND c.ticket_id = $2 ORDER BY c.created_at, c.id LIMIT 50
"""
LAST_NUMBER = "SELECT coalesce(max(number), 0) FROM tickets WHERE org_id = $1"
CREATE = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, sla_due_at, sla_source,
                     created_by, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, 'open', 'medium', 'general', $6, 'auto', $7, now(), now(), 1)
RETURNING id, number, title, description, status, priority, category, sla_due_at, created_at, version
"""
COMMENT = """
INSERT INTO comments (org_id, id, ticket_id, author_id, body, body_html, renderer, mentions, created_at, version)
VALUES ($1, $2, $3, $4, $5, $5, 1, '{}', now(), 1) RETURNING id, ticket_id, author_id, body, created_at, version
"""
