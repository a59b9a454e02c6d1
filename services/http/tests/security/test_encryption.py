"""Secrets that a table keeps: unreadable without the setting, of one row, and readable while a secret is rotated."""

from __future__ import annotations

from uuid import uuid4

import pytest
from opsdash_http.security.encryption import StoredSecrets, UnreadableSecret, last_characters

NEW, OLD = "n" * 32, "o" * 32
ROW = uuid4()
ADDRESS = "slack://T0000/B0000/abcdefghijklmnop"


def stored(secrets: str, purpose: str = "channels") -> StoredSecrets:
    return StoredSecrets(secrets, setting="OPSDASH_ENCRYPTION_SECRET", purpose=purpose)


def test_it_is_read_as_it_was_written_and_cannot_be_seen() -> None:
    encrypted = stored(NEW).encrypt(ADDRESS, ROW)
    assert "abcdef" not in encrypted
    assert stored(NEW).decrypt(encrypted, ROW) == ADDRESS
    assert stored(NEW).encrypt(ADDRESS, ROW) != encrypted


def test_both_secrets_decrypt_while_one_is_rotated_and_the_first_encrypts() -> None:
    old = stored(OLD).encrypt(ADDRESS, ROW)
    rotating = stored(f"{NEW},{OLD}")
    assert rotating.decrypt(old, ROW) == ADDRESS
    renewed = rotating.renewed(old, ROW)
    assert renewed is not None
    assert stored(NEW).decrypt(renewed, ROW) == ADDRESS
    assert rotating.renewed(renewed, ROW) is None


@pytest.mark.parametrize(
    "reader", [stored(OLD), stored(NEW, "another purpose")], ids=["another secret", "another purpose"]
)
def test_another_secret_and_another_purpose_read_nothing(reader: StoredSecrets) -> None:
    encrypted = stored(NEW).encrypt(ADDRESS, ROW)
    with pytest.raises(UnreadableSecret, match="OPSDASH_ENCRYPTION_SECRET"):
        reader.decrypt(encrypted, ROW)
    with pytest.raises(UnreadableSecret):
        reader.renewed(encrypted, ROW)


def test_one_that_was_copied_to_another_row_is_not_read() -> None:
    with pytest.raises(UnreadableSecret) as refused:
        stored(NEW).decrypt(stored(NEW).encrypt(ADDRESS, ROW), uuid4())
    assert NEW not in str(refused.value)


@pytest.mark.parametrize("encrypted", ["", "x", "gAAAA", "ä"])
def test_what_is_no_secret_is_not_read(encrypted: str) -> None:
    with pytest.raises(UnreadableSecret):
        stored(NEW).decrypt(encrypted, ROW)


@pytest.mark.parametrize(
    ("secret", "shown"), [(ADDRESS, "mnop"), ("x" * 15, ""), ("", ""), ("0123456789abcdef", "cdef")]
)
def test_four_characters_are_shown_and_none_of_a_short_one(secret: str, shown: str) -> None:
    assert last_characters(secret) == shown
