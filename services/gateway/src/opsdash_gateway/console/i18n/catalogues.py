"""Finds the console's texts and brings the translated catalogues up to date: `make messages`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any, Final

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from opsdash_gateway.console.i18n.labels import CONTRACT_TEXTS
from opsdash_gateway.console.i18n.locales import DEFAULT_LOCALE, LOCALES

PACKAGE: Final = Path(__file__).parents[2]
CATALOGUES: Final = PACKAGE / "locale"
METHODS: Final = [
    ("console/**.py", "opsdash_gateway.console.i18n.catalogues:python_texts"),
    ("templates/**.html", "jinja2"),
]
KEYWORDS: Final[dict[str, Any]] = {"_": None, "N_": None, "text": None, "gettext": None, "ngettext": (1, 2)}
Found = tuple[int, str, tuple[str | None, ...], list[str]]


def python_texts(
    file: IO[bytes],
    keywords: Collection[str],
    _comment_tags: object,
    options: object,  # noqa: ARG001 - Babel passes it by name
) -> Iterator[Found]:
    """A Babel extraction method: line, function and literal arguments of every call of a keyword.

    Babel's own reads tokens, and before Python 3.12 an f-string with the calls inside it is a single token.
    """
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and node.args and (name := _name(node.func)) in keywords:
            yield node.lineno, name, tuple(map(_literal, node.args)), []


def _name(function: ast.expr) -> str:
    """What is called, whatever it is looked up in."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literal(argument: ast.expr) -> str | None:
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def extracted() -> Catalog:
    """Every text of templates and Python, in a steady order."""
    found = Catalog(project="opsdash-console", fuzzy=False)
    texts = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS, directory_filter=lambda _: True)
    for filename, _, message, _, _ in sorted(texts, key=lambda entry: (entry[0], entry[1])):
        found.add(message, locations=[(filename, 0)])
    for message in CONTRACT_TEXTS:
        found.add(message, locations=[("console/i18n/labels.py", 0)])
    return found


def catalogue(code: str) -> Catalog:
    """The translated texts of a language; empty when there are none yet."""
    path = CATALOGUES / code / "messages.po"
    if not path.exists():
        return Catalog(locale=code, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def updated(code: str) -> Catalog:
    """With new texts empty and old ones gone; nothing is guessed."""
    known = catalogue(code)
    known.update(extracted(), no_fuzzy_matching=True, update_header_comment=False)
    known.obsolete.clear()
    return known


def main() -> None:
    """Write the catalogues, sorted by where a text is used."""
    for code in LOCALES:
        if code == DEFAULT_LOCALE:
            continue
        path = CATALOGUES / code / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        found = updated(code)  # before the file is opened, which empties it
        with path.open("wb") as file:
            write_po(file, found, width=120, omit_header=False, include_lineno=False)


if __name__ == "__main__":
    main()
