"""Chassis, HTTP and Markdown know orgs, events, requests and texts, and no word of the helpdesk.

Plates and roles are known to tenancy, which stands above them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import (
    CHASSIS,
    HTTP,
    MARKDOWN,
    SERVICES,
    Module,
    docstrings,
    looked_at,
    modules,
    planted,
)

WITHOUT_BUSINESS = (CHASSIS, HTTP, MARKDOWN)
#: Words of OpsDash's product in the singular; those of the services' names come along.
WORDS = {
    "assignee", "breach", "comment", "company", "contact", "helpdesk", "mention", "notice", "overdue", "plan", "plate",
    "priority", "project", "role", "sla", "ticket",
    *(word.removesuffix("s") for service in SERVICES for word in service.split("_")[1:]),
} - {"gateway", "monitor"}  # fmt: skip
PLURALS = {f"{word}s": word for word in WORDS} | {
    "companies": "company",
    "breaches": "breach",
    "priorities": "priority",
}
#: Where a word means something else.
OTHER_MEANING = {
    (f"{HTTP}.cli.command_line", "role"): "a role of PostgreSQL",
    (f"{CHASSIS}.database.migrations", "role"): "a role of PostgreSQL",
    (f"{CHASSIS}.database.provision", "role"): "a role of PostgreSQL",
    (f"{CHASSIS}.service.startup_checks", "role"): "a role of PostgreSQL",
    (f"{CHASSIS}.database.pools", "plan"): "how PostgreSQL runs a statement",
    (f"{MARKDOWN}.html", "comment"): "a comment in HTML",
    **{
        (f"{CHASSIS}.secret_strength", word): "a word that people take for a secret"
        for word in ("comment", "company", "helpdesk", "sla", "ticket")
    },
}


def words(module: Module) -> set[str]:
    """The business words among the parts of identifiers and of texts that are no docstrings."""
    parts = {part.lower() for text in _said(module.tree) for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)}
    return {PLURALS.get(part, part) for part in parts} & WORDS


def _said(tree: ast.Module) -> Iterator[str]:
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "arg", "asname", "module", "value"):
            text = getattr(node, field, None)
            if isinstance(text, str) and id(node) not in skipped:
                yield text


@pytest.mark.parametrize("package", WITHOUT_BUSINESS)
def test_what_all_services_share_has_no_business_words(package: str):
    looked_at("modules", package, len(modules(package)))
    found = {(module.name, word) for module in modules(package) for word in words(module)}
    assert found == {(name, word) for name, word in OTHER_MEANING if name.split(".")[0] == package}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("def notify(ticket): ...", "ticket"),
        ("class TicketsClosed: ...", "ticket"),
        ("from opsdash_contracts.comments import X", "comment"),
        ("import opsdash_contracts.sla as other", "sla"),
        ("x.role_of(1)", "role"),
        ("call(PLATES_WITH_SUPPORT=1)", "plate"),
        ("NAME = 'the plan of an org'", "plan"),
        ("async def f(): await c.fetch(f'SELECT {x} FROM usage_notices')", "notice"),
        ("try: ...\nexcept ValueError as sla: ...", "sla"),
    ],
)
def test_a_business_word_is_seen(text: str, word: str):
    assert words(planted(text)) == {word}


@pytest.mark.parametrize(
    "text", ['"""About tickets."""', "x = 1  # a ticket", "planner = explain = control = 'commented'"]
)
def test_prose_and_other_words_are_not(text: str):
    assert words(planted(text)) == set()
