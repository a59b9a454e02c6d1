"""Who may import whom: service → chassis, contracts; chassis → contracts; contracts → nothing of ours."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import PACKAGES, SERVICES, SERVICES_WITH_DATABASE, imported_names, modules

ALLOWED = {
    "opsdash_contracts": set(),
    "opsdash_chassis": {"opsdash_contracts"},
    "opsdash_local": {"opsdash_contracts", "opsdash_chassis"},
    **{service: {"opsdash_contracts", "opsdash_chassis"} for service in SERVICES},
}
SAME_FILES = {"api.py", "app.py", "consumers.py", "model.py", "published.py", "repository.py", "schemas.py",
              "settings.py", "tables.py", "use_cases.py", "migrations", "__main__.py"}  # fmt: skip
PURE = {"dataclasses", "datetime", "enum", "typing", "uuid", "collections.abc", "__future__", "opsdash_contracts"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_the_layers_below_it(package: str):
    allowed = ALLOWED[package] | {package}
    wrong = [
        f"{module.name}: {name}"
        for module in modules(package)
        for name in imported_names(module)
        if name.startswith("opsdash_") and name.split(".")[0] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_every_service_with_a_database_has_the_same_file_names(service: str):
    assert {entry.name for entry in PACKAGES[service].iterdir()} >= SAME_FILES


@pytest.mark.parametrize("service", SERVICES_WITH_DATABASE)
def test_the_model_is_pure(service: str):
    model = next(module for module in modules(service) if module.path.name == "model.py")
    impure = {
        name
        for name in imported_names(model)
        if name not in PURE and not name.startswith(("opsdash_contracts.", f"{service}.errors"))
    }
    assert impure == set()


def test_the_gateway_renders_no_text_of_others():
    found = [
        f"{module.name}: {node.module}"
        for module in modules("opsdash_gateway")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        and {*str(node.module).split("."), *(alias.name for alias in node.names)} & {"markdown", "markdown_it", "nh3"}
    ]
    assert found == []
