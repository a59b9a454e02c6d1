"""Secrets that people make up, and those a generator makes."""

from __future__ import annotations

from secrets import token_hex, token_urlsafe
from uuid import uuid4

import pytest
from opsdash_chassis.secret_strength import is_guessable


@pytest.mark.parametrize(
    "secret",
    [
        "zyxwvutsrqponmlkjihgfedcba9876543210",
        "Sup3rS3cretSup3rS3cretSup3rS3cret12",
        "Password1Password2Password3Password4",
        "supersecretinternaltoken000000000001",
        "1111111122222222333333334444444455555555",
        "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8",
        "OPSDASH_SUPPORT_SESSION_SECRET_2027",
        "LetMeInLetMeInLetMeInLetMeIn20262026",
        "summer2026winter2026spring2026autumn",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm1qaz2wsx",
        "!@#$%^&*()!@#$%^&*()!@#$%^&*()!@#",
        "fedcba9876543210fedcba9876543210",
    ],
)
def test_words_sequences_and_repeats_are_guessable(secret: str):
    assert is_guessable(secret)


@pytest.mark.parametrize("make", [lambda: token_hex(16), lambda: token_hex(32), token_urlsafe, lambda: str(uuid4())])
def test_what_a_generator_makes_is_not(make):
    assert not any(is_guessable(make()) for _ in range(2000))
    assert not is_guessable(f"internal-{make()}")
