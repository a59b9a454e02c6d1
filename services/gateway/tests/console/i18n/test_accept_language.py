"""The language of a page follows the weights of Accept-Language."""

from __future__ import annotations

import pytest
from opsdash_gateway.console.i18n.accept_language import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es;q=0.3, en;q=0.9", "en"),
        ("en;q=0, es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en;q=0.8,es-MX", "es"),
        ("es, en", "es"),
        ("en, es", "en"),
        ("de, en;q=0.5", "en"),
        ("ES;Q=0.5 , En;q=0.4", "es"),
        ("*", "en"),
        ("*;q=0.1, es;q=0.2", "es"),
        ("en;q=0, *", "es"),
        ("es;q=0.001, de;q=1", "es"),
        ("es;q=nonsense, en;q=0.1", "en"),
        ("es-419;q=1.000, en;q=0.999", "es"),
        ("en;q=0.5, es;q=0.5", "en"),
        ("es;q=0.5, en;q=0.5", "es"),
    ],
)
def test_the_highest_weight_wins(header: str, language: str) -> None:
    assert preferred_language(header, ("en", "es")) == language


@pytest.mark.parametrize("header", ["", ",", "de", "en;q=0, es;q=0.0", "*;q=0", "spanish-or-english", "e$", ";q=1"])
def test_none_is_acceptable(header: str) -> None:
    assert preferred_language(header, ("en", "es")) is None
