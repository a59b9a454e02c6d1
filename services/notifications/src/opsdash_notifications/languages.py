"""The languages of mails."""

from __future__ import annotations

from typing import Final

DEFAULT_LANGUAGE: Final = "en"
LANGUAGES: Final = ("en", "es")
