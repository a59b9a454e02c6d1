"""The directory replica in a migration: its two tables, who may touch them, and the way into an org."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from opsdash_chassis.database.migrations import force_tenancy, grant

# The caller's membership decides which tenant a transaction belongs to, so it is looked up before there is one. The
# function runs as the owner, whose policy lets it read just these two tables. The org is found first and the member in
# it: the other way round, somebody who is a member of many orgs would pay for all of them each time. Both by an index:
# a scan of some hundred orgs looks cheap to the planner, and was a third of what entering cost.
# By its id too, in the slug's place: of two orgs with one slug a member of both reaches the older one by that alone.
_OPEN = """
    SELECT o.org_id, o.plate, m.role, now(){selected} INTO org_id, plate, role, transaction_time{found}
    FROM orgs o CROSS JOIN LATERAL (
        SELECT known.role FROM members known
        WHERE known.org_id = o.org_id AND known.user_id = caller AND known.removed_at IS NULL
        ORDER BY known.version DESC LIMIT 1
    ) m
    WHERE {which} AND o.removed_at IS NULL
    ORDER BY o.version DESC, o.org_id LIMIT 1;"""
#: What an id looks like in the place of a slug.
ID = "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
_ENTER_ORG = """
CREATE OR REPLACE FUNCTION enter_org(wanted_slug text, caller uuid)
RETURNS TABLE (org_id uuid, plate text, role text, transaction_time timestamptz{returned})
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    tenant text;
BEGIN
    IF wanted_slug ~ '{id}' THEN
        {by_id}
    ELSE
        {by_slug}
    END IF;
    IF FOUND THEN
        tenant := set_config('app.org_id', org_id::text, true);
        RETURN NEXT;
    END IF;
END $$
"""


def _enter_org(**more: str) -> str:
    """The function, which also returns these columns of orgs, each with its type."""
    columns = {
        "selected": "".join(f", o.{name}" for name in more),
        "found": "".join(f", {name}" for name in more),
    }
    return _ENTER_ORG.format(
        returned="".join(f", {name} {kind}" for name, kind in more.items()),
        id=ID,
        by_id=_OPEN.format(which="o.org_id = wanted_slug::uuid", **columns),
        by_slug=_OPEN.format(which="o.slug = wanted_slug", **columns),
    )


ENTER_ORG = _enter_org()
# In the database, so that no writer can forget it: a name that is kept by its revision would stay the old one.
_RAISE_REVISION = """
CREATE FUNCTION raise_directory_revision() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE orgs SET directory_revision = directory_revision + 1
    WHERE org_id IN (SELECT changed.org_id FROM changed);
    RETURN NULL;
END $$
"""
_RAISED_BY = """
CREATE TRIGGER directory_{event} AFTER {event} ON {table} REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision()
"""


def create_directory(*, service: str) -> None:
    """Tables, privileges and `enter_org` for a service that is new; call it after the tables of the events exist."""
    create_directory_tables()
    for table in ("orgs", "members"):
        force_tenancy(table, service=service)
        grant(table, service=service, app="SELECT", worker="SELECT, INSERT, UPDATE")
        op.execute(f"CREATE POLICY before_tenant ON {table} FOR SELECT TO {service}_owner USING (true)")
    op.execute(ENTER_ORG)
    op.execute("REVOKE ALL ON FUNCTION enter_org(text, uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION enter_org(text, uuid) TO {service}_app")


def add_directory_revision(*tables: str, service: str) -> None:
    """Count the changes of each org's directory, which `tables` make up, and tell the count on opening the org.

    A consumer of the release before may lock the same tables in another order: then the one or the other is refused as
    a deadlock, and both are safe to repeat.
    """
    op.add_column("orgs", sa.Column("directory_revision", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(_RAISE_REVISION)
    for table in tables:
        for event in ("insert", "update"):
            op.execute(_RAISED_BY.format(event=event, table=table))
    op.execute("DROP FUNCTION enter_org(text, uuid)")  # its result has a column more
    op.execute(_enter_org(directory_revision="bigint"))
    op.execute("REVOKE ALL ON FUNCTION enter_org(text, uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION enter_org(text, uuid) TO {service}_app")


def create_directory_tables() -> None:
    op.create_table(
        "orgs",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org_id"),
    )
    op.create_index("orgs_slug", "orgs", ["slug"])
    op.create_table(
        "members",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("user_id", sa.UUID()),
        sa.Column("email", sa.Text()),
        sa.Column("role", sa.Text()),
        sa.PrimaryKeyConstraint("org_id", "member_id"),
    )
    op.create_index("members_user", "members", ["org_id", "user_id"])
