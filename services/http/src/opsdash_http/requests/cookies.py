"""Reads the Cookie header."""

from __future__ import annotations


def read_cookies(header: str) -> dict[str, str]:
    """Values by name; of a repeated one the last. Values are taken as they are: ours need no quotes.

    Not the framework's parser: some Pythons unquote in quadratic time (CVE-2024-7592), and it keeps the last thousand
    headers in memory.
    """
    found = {}
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            found[name.strip()] = value.strip()
    return found
