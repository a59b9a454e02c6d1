"""Fills a tickets database with many orgs, one of them as large as a plan allows."""

from __future__ import annotations

from uuid import UUID

import asyncpg
from opsdash_chassis.text import markdown

LARGE_ORG = UUID("00000000-0000-7000-8000-00000000feed")
LARGE_OWNER = UUID("00000000-0000-7000-8000-0000000000aa")

_ORGS = """
INSERT INTO orgs (org_id, slug, name, plate, version)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'org-' || n, 'Org ' || n, 'agency', 1
FROM generate_series(1, $1::int) n
UNION ALL SELECT $2, 'large', 'Large', 'agency', 1
"""
_MEMBERS = """
INSERT INTO members (org_id, member_id, user_id, name, role, version)
SELECT $1, gen_random_uuid(), $2, 'Owner', 'owner', 1
"""
# Titles mix words that are everywhere with ones that are rare; ages, states and people vary as in a real queue.
_TICKETS = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, assignee_id, sla_due_at,
                     sla_source, created_by, created_at, updated_at, version, description_html, renderer)
SELECT o.org_id, gen_random_uuid(), n,
       'Ticket about ' || (ARRAY['printer','invoice','webhook','password','calendar','export'])[1 + n % 6]
           || ' number ' || n,
       'Words that every ticket has. Rare word: w' || (n * 7919 % 5000),
       (ARRAY['open','in_progress','waiting','resolved','closed'])[1 + n % 5],
       (ARRAY['urgent','high','medium','low'])[1 + n % 4],
       (ARRAY['general','billing','technical'])[1 + n % 3],
       CASE WHEN n % 3 = 0 THEN NULL ELSE $2::uuid END,
       CASE WHEN n % 10 = 0 THEN NULL ELSE now() + make_interval(hours => (n * 37 % 400) - 200) END,
       'auto', $2, now() - make_interval(mins => n * 5), now() - make_interval(mins => n), 1, '', $5
FROM (SELECT org_id FROM orgs WHERE (org_id = $3) = $4) o, generate_series(1, $1::int) n
"""
_COUNTERS = """
INSERT INTO org_counters (org_id, last_number, living_tickets)
SELECT org_id, max(number), count(*) FROM tickets GROUP BY org_id
"""


async def seed_many(admin_url: str, *, orgs: int, each: int, large: int) -> None:
    """`orgs` orgs with `each` tickets, and one with `large`; statistics are fresh afterwards."""
    connection = await asyncpg.connect(admin_url, command_timeout=600)
    try:
        await connection.execute(_ORGS, orgs, LARGE_ORG)
        await connection.execute(_MEMBERS, LARGE_ORG, LARGE_OWNER)
        for count, is_large in ((each, False), (large, True)):
            await connection.execute(_TICKETS, count, LARGE_OWNER, LARGE_ORG, is_large, markdown.VERSION)
        await connection.execute(_COUNTERS)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
