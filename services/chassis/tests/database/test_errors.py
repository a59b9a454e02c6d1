"""Which errors of the database are an outage, to be waited out, and which are about the statement."""

from __future__ import annotations

import asyncpg
import pytest
from asyncpg import exceptions
from opsdash_chassis.database.errors import FULL, LOCKED, OF_THE_DRIVER, READ_ONLY, SLOW, database_errors, outage_of
from opsdash_chassis.errors import StorageUnwritable, Unavailable

#: One of each way in which a database that answers cannot serve.
OUTAGES = [
    exceptions.ReadOnlySQLTransactionError,
    exceptions.DiskFullError,
    exceptions.OutOfMemoryError,
    exceptions.TooManyConnectionsError,
    exceptions.ConfigurationLimitExceededError,
    exceptions.LockNotAvailableError,
    exceptions.ObjectInUseError,
    exceptions.QueryCanceledError,
    exceptions.SerializationError,
    exceptions.DeadlockDetectedError,
    exceptions.AdminShutdownError,
    exceptions.CrashShutdownError,
    exceptions.CannotConnectNowError,
    exceptions.IdleSessionTimeoutError,
    exceptions.IdleInTransactionSessionTimeoutError,
    exceptions.TransactionTimeoutError,
    exceptions.ConnectionDoesNotExistError,
    exceptions.ConnectionFailureError,
    exceptions.InvalidPasswordError,
    exceptions.InvalidCatalogNameError,
    exceptions.PostgresIOError,
    exceptions.UndefinedFileError,
    exceptions.DataCorruptedError,
    exceptions.IndexCorruptedError,
    exceptions.InternalServerError,
    exceptions.SnapshotTooOldError,
    *OF_THE_DRIVER,
    exceptions.TargetServerAttributeNotMatched,
    TimeoutError,
    ConnectionResetError,
    OSError,
]
MISTAKES = [
    exceptions.UniqueViolationError,
    exceptions.ForeignKeyViolationError,
    exceptions.CheckViolationError,
    exceptions.NotNullViolationError,
    exceptions.DataError,
    exceptions.NumericValueOutOfRangeError,
    exceptions.UndefinedTableError,
    exceptions.UndefinedColumnError,
    exceptions.InsufficientPrivilegeError,
    exceptions.PostgresSyntaxError,
    exceptions.StatementTooComplexError,
    exceptions.RaiseError,
    exceptions.FeatureNotSupportedError,
    exceptions.InFailedSQLTransactionError,
    ValueError,
    KeyError,
]


@pytest.mark.parametrize("kind", OUTAGES)
async def test_a_database_that_cannot_serve_is_unavailable(kind: type[Exception]):
    with pytest.raises(Unavailable):
        async with database_errors():
            raise kind("as it comes")


@pytest.mark.parametrize("kind", MISTAKES)
async def test_what_is_about_the_statement_stays_what_it_is(kind: type[Exception]):
    with pytest.raises(kind):
        async with database_errors():
            raise kind("as it comes")


@pytest.mark.parametrize("outage", [READ_ONLY, FULL])
def test_where_only_writing_fails_that_is_said(outage):
    assert isinstance(outage.error(), StorageUnwritable)
    assert "reading still works" in outage.detail


@pytest.mark.parametrize(
    ("state", "outage"),
    [("25006", READ_ONLY), ("53100", FULL), ("55P03", LOCKED), ("40P01", LOCKED), ("57014", SLOW), ("57P99", None)],
)
def test_a_code_goes_before_its_class(state: str, outage):
    found = outage_of(asyncpg.PostgresError.new({"C": state, "M": "as it comes"}))
    assert found is not None
    assert outage is None or found == outage
