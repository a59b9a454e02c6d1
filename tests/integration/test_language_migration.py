"""Who chose the language of their mails before English could be chosen, and the release before beside this one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.database.migrations import migrations_of, upgrade
from opsdash_notifications.mail import preferences_service
from opsdash_notifications.mail.preferences import Changes

from tests.support.databases import ServiceDatabase, drop, migrate, not_migrated
from tests.support.fixtures import TemplateOf

SPANISH, ENGLISH, NEW = uuid4(), uuid4(), uuid4()
# As the release before reads and writes it.
_BEFORE_READ = "SELECT language FROM mail_preferences WHERE user_id = $1"
_BEFORE_WRITE = "UPDATE mail_preferences SET language = $2 WHERE user_id = $1"


@pytest.fixture
async def migrated(template_of: TemplateOf) -> AsyncIterator[ServiceDatabase]:
    """A database as the release before left it, then migrated."""
    database = await not_migrated("notifications", await template_of("notifications"))
    await asyncio.to_thread(upgrade, migrations_of("opsdash_notifications"), database.owner_url, "0004")
    for person, language in ((SPANISH, "es"), (ENGLISH, "en")):
        await database.fetch("INSERT INTO mail_preferences (user_id, language) VALUES ($1, $2)", person, language)
    await migrate("notifications", database.owner_url)
    yield database
    await drop(database)


async def chosen(database: ServiceDatabase, person: UUID) -> str | None:
    connection = await asyncpg.connect(database.app_url)
    try:
        async with connection.transaction():
            return (await preferences_service.preferences(connection, person)).language
    finally:
        await connection.close()


async def choose(database: ServiceDatabase, person: UUID, language: str | None) -> None:
    connection = await asyncpg.connect(database.app_url)
    try:
        async with connection.transaction():
            await preferences_service.change(connection, person, Changes(language=language), if_match=None)
    finally:
        await connection.close()


async def before(database: ServiceDatabase, person: UUID) -> str:
    return str((await database.fetch(_BEFORE_READ, person))[0]["language"])


async def test_a_choice_stays_and_english_counts_as_none(migrated: ServiceDatabase) -> None:
    assert [await chosen(migrated, person) for person in (SPANISH, ENGLISH, NEW)] == ["es", None, None]


async def test_the_release_before_reads_what_it_read(migrated: ServiceDatabase) -> None:
    assert [await before(migrated, person) for person in (SPANISH, ENGLISH)] == ["es", "en"]


@pytest.mark.parametrize(("language", "seen"), [("es", "es"), ("en", "en"), (None, "en")])
@pytest.mark.parametrize("person", [SPANISH, ENGLISH, NEW])
async def test_a_choice_of_now_is_one_for_both(
    migrated: ServiceDatabase, person: UUID, language: str | None, seen: str
) -> None:
    await choose(migrated, person, "es")
    await choose(migrated, person, language)
    assert (await chosen(migrated, person), await before(migrated, person)) == (language, seen)


async def test_a_choice_made_in_the_release_before_is_one(migrated: ServiceDatabase) -> None:
    await choose(migrated, SPANISH, "es")
    await migrated.fetch(_BEFORE_WRITE, SPANISH, "en")
    await migrated.fetch(_BEFORE_WRITE, ENGLISH, "es")
    assert [await chosen(migrated, person) for person in (SPANISH, ENGLISH)] == ["en", "es"]


async def test_what_the_release_before_inserts_is_complete(migrated: ServiceDatabase) -> None:
    await migrated.fetch("INSERT INTO mail_preferences (user_id) VALUES ($1)", NEW)
    assert (await before(migrated, NEW), await chosen(migrated, NEW)) == ("en", None)
