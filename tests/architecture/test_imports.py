"""Who may import whom: services, tenancy, http, chassis, contracts, each what comes after it; Markdown beside them."""

from __future__ import annotations

import ast

import pytest

from tests.architecture import kinds
from tests.architecture.sources import (
    CHASSIS,
    CONTRACTS,
    HTTP,
    LIBRARIES,
    LOCAL,
    MARKDOWN,
    PACKAGES,
    SERVICES,
    SERVICES_WITH_DATABASE,
    TENANCY,
    Module,
    calls_of,
    imported_from,
    imported_names,
    looked_at,
    modules,
    planted,
)

#: Rooms of the local stack that add to a service, and that service.
ADD_TO = dict.fromkeys(
    ("opsdash_local.gateway", "opsdash_local.dev_issuer", "opsdash_local.mail_sink"), "opsdash_gateway"
)
ALLOWED = {
    CONTRACTS: set[str](),
    CHASSIS: {CONTRACTS},
    HTTP: {CONTRACTS, CHASSIS},
    TENANCY: {CONTRACTS, CHASSIS, HTTP},
    MARKDOWN: set[str](),
    **{above: {CONTRACTS, *LIBRARIES} for above in (*SERVICES, LOCAL)},
}
RENDERS_MARKDOWN = {"markdown", MARKDOWN, "markdown_it", "nh3"}


def wrong_imports(module: Module) -> list[str]:
    package = module.name.split(".")[0]
    names = {name.split(".")[0] for name in imported_names(module) if name.startswith("opsdash_")}
    added_to = {service for room, service in ADD_TO.items() if f"{module.name}.".startswith(f"{room}.")}
    return sorted(names - ALLOWED[package] - added_to - {package})


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_the_layers_below_it(package: str):
    looked_at("modules", package, len(modules(package)))
    assert {module.name: wrong for module in modules(package) if (wrong := wrong_imports(module))} == {}


@pytest.mark.parametrize(
    ("importing", "imported"),
    [
        (CONTRACTS, CHASSIS),
        (CHASSIS, HTTP),
        (CHASSIS, TENANCY),
        (CHASSIS, MARKDOWN),
        (HTTP, TENANCY),
        (HTTP, MARKDOWN),
        (TENANCY, MARKDOWN),
        (TENANCY, "opsdash_tickets"),
        (MARKDOWN, CONTRACTS),
        (MARKDOWN, CHASSIS),
        ("opsdash_tickets", "opsdash_comments"),
        ("opsdash_gateway", LOCAL),
    ],
)
def test_an_import_of_a_distribution_that_is_not_below_is_seen(importing: str, imported: str):
    for text in (f"import {imported}.x", f"from {imported} import x", f"def f():\n    from {imported}.x import y"):
        assert wrong_imports(planted(text, f"{importing}.room.module")) == [imported]


@pytest.mark.parametrize(
    ("importing", "imported"), [(CHASSIS, CONTRACTS), (HTTP, CHASSIS), (TENANCY, HTTP), ("opsdash_tickets", MARKDOWN)]
)
def test_an_import_of_one_that_is_below_is_none(importing: str, imported: str):
    assert wrong_imports(planted(f"import {imported}.x", f"{importing}.room.module")) == []


@pytest.mark.parametrize(
    "text", ["import opsdash_tickets.tickets", "def f():\n    from opsdash_tickets import tickets"]
)
def test_an_import_of_a_layer_above_is_seen(text: str):
    assert wrong_imports(planted(text, f"{CHASSIS}.deep.inside")) == ["opsdash_tickets"]
    assert wrong_imports(planted(text, "opsdash_comments.comments.model")) == ["opsdash_tickets"]
    assert wrong_imports(planted(text, "opsdash_tickets.tickets.service")) == []


def test_the_local_stack_imports_services_only_to_add_to_them():
    text = "from opsdash_gateway import settings"
    assert wrong_imports(planted(text, "opsdash_local.gateway.app")) == []
    assert wrong_imports(planted(text, "opsdash_local.gateways")) == ["opsdash_gateway"]
    assert wrong_imports(planted(text, "opsdash_local.stack")) == ["opsdash_gateway"]


def has_settings(module: Module) -> bool:
    """It defines settings that come from the chassis'."""
    ours = {name for name, (source, _) in imported_from(module).items() if source.startswith(CHASSIS)}
    classes = [
        node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef) and node.name.endswith("Settings")
    ]
    return any(isinstance(base, ast.Name) and base.id in ours for node in classes for base in node.bases)


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_every_service_with_a_database_has_the_same_parts(service: str):
    sources = modules(service)
    for once in (
        [module for module in sources if calls_of(module.tree, "Runtime")],
        [module for module in sources if calls_of(module.tree, "openapi_document")],
        [module for module in sources if calls_of(module.tree, "MetaData")],
        [module for module in sources if module.name.endswith(".__main__")],
        [module for module in sources if has_settings(module)],
        [module for module in sources if module.path.parent.joinpath("script.py.mako").exists()],
    ):
        assert len(once) == 1
    for kind in (kinds.handles_requests, kinds.subscribes, kinds.holds_sql, kinds.migrates):
        assert any(map(kind, sources))


def markdown_imports(module: Module) -> set[str]:
    names = {*imported_names(module), *(name for _, name in imported_from(module).values())}
    return {part for name in names for part in name.split(".")} & RENDERS_MARKDOWN


def test_the_gateway_renders_no_text_of_others():
    assert {module.name: found for module in modules("opsdash_gateway") if (found := markdown_imports(module))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import opsdash_markdown as texts",
        "import nh3",
        "from opsdash_markdown.html import x",
        "import markdown_it.token",
    ],
)
def test_rendering_it_is_seen(text: str):
    assert markdown_imports(planted(text))
