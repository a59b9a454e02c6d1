"""Identifiers keep to the terms of the field: replaced words do not come back. Docstrings begin with a sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PACKAGES, Module, looked_at, modules, planted

#: Whole names in snake case, as a pattern: what to say instead. A leading underscore and the case do not count.
REPLACED = {
    r"entrance|entered|enter_org|enter_user|entering": "open_tenant, TenantContext, TenantReader",
    r"admit": "authorize, authenticate",
    r"edge|doors?|look_in": "RequestScope, AppDependencies, PublicOptions",
    r"gatekeeper": "Authenticator",
    r"rule": "AuthScheme",
    r"nobody|caller_rule": "PUBLIC, USER",
    r"boundary": "RequestLimits, SecurityHeaders",
    r"pass(ing)?_(on|request|stream|routes?)|passing": "proxy, forward",
    r"compos(ed|ed_route)": "ticket_composition, compose",
    r"owners?|owner_(client|path|answers?|document|app|failures|pause)": "upstream",
    r"together": "BatchHandler",
    r"delivered|as_delivered": "ReceivedEvent",
    r"delivery": "ConsumedRecord",
    r"commits_(later|before_leaving)": "DeferredCommits, CommitOnRevoke",
    r"hurry": "commit_now",
    r"lenient_records?": "undecodable_headers",
    r"followers?|following|open_follower|follower_options": "BroadcastConsumer",
    r"waves?": "key_ordered_batches",
    r"hand_over|handed": "enqueue",
    r"pace|pacing": "Throttle",
    r"(dead_letter_)?desk": "redrive, DeadLetterQueue",
    r"(note|on)_queued": "after_commit",
    r"record_all": "append_events",
    r"give_back": "release",
    r"take": "acquire",
    r"refused": "DomainError",
    r"not_visible": "NotFound",
    r"role_too_low": "Forbidden",
    r"tell|tells|telling|told|counts_told|nobody_told|already_told": "notices, notify, notified",
    r"look_again": "refresh_ticket",
    r"settle|(ticket_)?unsettled": "resolve, TicketUnknown",
    r"learn|learn_of_tickets": "upsert_tickets",
    r"(ticket_)?facts?": "TicketSnapshot",
    r"living|living_\w+": "not_deleted",
    r"(field_)?sentences?": "error_messages",
    r"strays?": "orphan_replies",
    r"tops": "top_level",
    r"seal|sealer|sealing": "encryption",
    r"outside_page": "standalone_page",
    r"plan_(usage|caps?|limit_reached)|support_not_in_plan": "plate",
}
#: Where a name means something else, or is the name of something stored or published: module, name in snake case.
OTHER_MEANING = {
    ("opsdash_http.errors.validation", "rule"): "a rule of validation",
    ("opsdash_markdown.parsing", "rule"): "a rule of Markdown's grammar",
    ("opsdash_tenancy.migrations", "enter_org"): "the SQL function of that name",
    ("opsdash_http.limits.cost", "settle"): "what a request owes is settled when it ends",
    ("opsdash_chassis.service.clock", "tell"): "the two hands of the clock are told apart",
    ("opsdash_http.limits.cost", "told"): "what an answer says that it cost",
    ("opsdash_chassis.database.provision", "owner"): "the role of PostgreSQL that owns the tables",
    ("opsdash_chassis.kafka.broadcast_consumer", "following"): "the metric opsdash_following",
    ("opsdash_contracts.notices", "refused"): "the mail server refused a notice",
    ("opsdash_notifications.chat.answers", "refused"): "a chat refused a message",
    ("opsdash_contracts.topics", "owner"): "the service that owns a topic",
    ("opsdash_contracts.workspace", "owner"): "the role",
    ("opsdash_gateway.console.list.bulk", "nobody"): "the id of no person",
    ("opsdash_gateway.workspace.entities", "owner"): "the org that an entity belongs to",
    ("opsdash_gateway.console.auth.ended_sessions.register", "learn"): "a replica learns of the end of a session",
    ("opsdash_gateway.console.auth.ended_sessions.endings", "learn"): "the same",
    ("opsdash_local.events.directory", "learn"): "names are learnt from the events that pass by",
    ("opsdash_local.postgres_binaries", "nobody"): "the user of that name",
    ("opsdash_local.stack", "owners"): "the services that own a database",
    ("opsdash_local.demo.load", "owner"): "the role",
    ("opsdash_local.errors", "owner"): "the user that a file belongs to",
    ("opsdash_sla_monitor.deadlines.events", "rule"): "the rule by which a due time was set, a field of events",
    ("opsdash_sla_monitor.deadlines.model", "rule"): "the same",
    ("opsdash_gateway.sla.schemas", "rule"): "the same",
    ("opsdash_gateway.sla.service", "rule"): "the same",
    ("opsdash_sla_monitor.ledger.model", "rule"): "the same",
    ("opsdash_sla_monitor.ledger.schemas", "rule"): "the same",
    ("opsdash_tickets.plate_usage.model", "living_tickets"): "the column of that name",
    ("opsdash_tickets.plate_usage.repository", "living_tickets"): "the same",
}
#: Packages in which a word has its ordinary meaning.
ORDINARY = {
    ("told", "opsdash_gateway"): "what a page or a browser is told",
    ("tell", "opsdash_gateway"): "the same",
    ("refused", "opsdash_gateway"): "the answer to a form",
    ("refused", "opsdash_tickets"): "values of a filter that are refused",
    ("rule", "opsdash_contracts"): "the rule by which a due time was set, a field of events",
}
HISTORY = re.compile(r"\b(used to|no longer|anymore|formerly|previously|before this)\b", re.IGNORECASE)
#: Where such a word says what is, not what was.
NOT_HISTORY = {
    ("opsdash_chassis.kafka.broadcast_consumer", "no longer"): "the partitions may change while it reads",
    ("opsdash_chassis.outbox.relay", "no longer"): "a relay that stopped",
    ("opsdash_tenancy.errors", "no longer"): "a version that is not the current one",
    ("opsdash_gateway.console.auth.ended_sessions.register", "before this"): "the start of the process",
}
#: Docstrings that begin otherwise.
NO_SENTENCE = {"opsdash_tickets.sla.schemas: Verdicts": "the values of the answer, as they are published"}
ALL = [module for package in PACKAGES for module in modules(package) if ".migrations.versions." not in module.name]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")


def identifiers(module: Module) -> Iterator[str]:
    """What the module defines: itself, classes, functions, arguments, variables and attributes."""
    yield module.name.rpartition(".")[2]
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def replaced(module: Module) -> set[tuple[str, str]]:
    """The names that were replaced, wherever they do not mean something else."""
    package = module.name.split(".", 1)[0]
    names = {snake(name) for name in identifiers(module)}
    return {
        (module.name, name)
        for name in names
        if any(re.fullmatch(pattern, name) for pattern in REPLACED) and (name, package) not in ORDINARY
    }


def documented(module: Module) -> Iterator[tuple[str, str]]:
    """Docstrings of the module, its classes and its functions, with their names."""
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text is not None:
                yield getattr(node, "name", module.name), text


def history(module: Module) -> set[tuple[str, str]]:
    return {(module.name, word.lower()) for _, text in documented(module) for word in HISTORY.findall(text)}


def malformed(module: Module) -> list[str]:
    """Public names whose docstring does not begin with a sentence: a capital, digit or code, and a mark at its end."""
    found = []
    for name, text in documented(module):
        first = text.split("\n\n")[0]
        begins = re.match(r"[A-Z0-9`'\"(/#]", first)
        ends = re.search(r"[.:?!)`]$|https://\S+$", first)
        if not name.startswith("_") and not (begins and ends and len(text.split("\n")[0]) <= 120):
            found.append(f"{module.name}: {name}")
    return found


def test_replaced_words_do_not_come_back():
    found = set().union(*map(replaced, ALL)) - OTHER_MEANING.keys()
    assert sorted(found) == []
    for package in PACKAGES:
        looked_at("modules without migrations", package, sum(module.name.split(".")[0] == package for module in ALL))


def test_every_other_meaning_is_still_met():
    found = set().union(*map(replaced, ALL))
    assert sorted(OTHER_MEANING.keys() - found) == []
    kept = {(snake(name), module.name.split(".", 1)[0]) for module in ALL for name in identifiers(module)}
    assert sorted(ORDINARY.keys() - kept) == []


def test_docstrings_say_what_is():
    found = set().union(*map(history, ALL))
    assert sorted(found - NOT_HISTORY.keys()) == []
    assert sorted(NOT_HISTORY.keys() - found) == []


def test_docstrings_begin_with_a_sentence():
    assert [each for module in ALL for each in malformed(module) if each not in NO_SENTENCE] == []


@pytest.mark.parametrize(
    "text",
    [
        "class Gatekeeper: ...",
        "class TicketFact: ...",
        "class NotVisible(Exception): ...",
        "def look_again(): ...",
        "async def give_back(connection): ...",
        "def f(entrance): ...",
        "def f(*, owner_path): ...",
        "wave = [1]",
        "class A:\n    def f(self): self._pace = 1",
        "PLAN_CAPS: dict = {}",
        "for told in []: ...",
    ],
)
def test_a_replaced_word_is_seen(text: str):
    assert replaced(planted(text))


def test_a_module_of_a_replaced_name_is_seen():
    assert replaced(planted("", "opsdash_x.kafka.follower"))


@pytest.mark.parametrize("text", ["def forward(upstream): ...", "x = '''Gatekeeper'''", "f(owner.path)", "import tell"])
def test_other_words_are_not(text: str):
    assert not replaced(planted(text))


def test_history_in_a_docstring_is_seen():
    assert history(planted('def f():\n    """It used to be slow."""'))
    assert not history(planted("def f():\n    '''It is slow.'''"))


@pytest.mark.parametrize("text", ['"""a lower-case line."""', '"""No mark"""', f'"""{"Long " * 30}."""'])
def test_a_docstring_that_is_no_sentence_is_seen(text: str):
    assert malformed(planted(text))
