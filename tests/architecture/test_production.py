"""Production packages and images: nothing of the local stack, and nothing that signs a token for anybody."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import (
    PACKAGES,
    Module,
    called,
    imported_from,
    imported_names,
    looked_at,
    modules,
    planted,
)

LOCAL = "opsdash_local"
PRODUCTION = [package for package in PACKAGES if package != LOCAL]
#: Functions of `cryptography` that an issuer calls and a verifier does not; `generate` is a method of private keys.
SIGNS = {"generate_private_key", "load_pem_private_key", "load_der_private_key", "from_private_bytes"}


def of_the_local_stack(module: Module) -> set[str]:
    """The modules of the local stack that it imports, anywhere in it and by name too."""
    texts = {node.value for node in ast.walk(module.tree) if isinstance(node, ast.Constant)}
    named = {text for text in texts if isinstance(text, str) and (text == LOCAL or text.startswith(f"{LOCAL}."))}
    return named | {name for name in imported_names(module) if name.split(".")[0] == LOCAL}


def signs(module: Module) -> set[str]:
    """Calls that make or read a private key, or sign a JSON Web Token."""
    imported = imported_from(module)
    found = {called(node) for node in ast.walk(module.tree) if isinstance(node, ast.Call)} & SIGNS
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            source = ".".join(filter(None, imported.get(node.value.id, ("", ""))))
            encodes = node.attr == "encode" and source.split(".")[0] == "jwt"
            makes_a_key = node.attr == "generate" and source.endswith("PrivateKey")
            found |= {f"{source}.{node.attr}"} if encodes or makes_a_key else set()
    return found | {f"jwt.{name}" for source, name in imported.values() if source == "jwt" and name == "encode"}


@pytest.mark.parametrize("package", PRODUCTION)
def test_it_imports_nothing_of_the_local_stack(package: str):
    looked_at("modules", package, len(modules(package)))
    assert {module.name: found for module in modules(package) if (found := of_the_local_stack(module))} == {}


@pytest.mark.parametrize("package", PRODUCTION)
def test_it_has_no_issuer_of_tokens(package: str):
    looked_at("modules", package, len(modules(package)))
    assert {module.name: found for module in modules(package) if (found := signs(module))} == {}


def test_the_local_stack_has_one():
    """So the guard knows an issuer when it sees one."""
    assert {module.name for module in modules(LOCAL) if signs(module)} >= {f"{LOCAL}.dev_issuer.signing"}


class TestMistakesAreSeen:
    @pytest.mark.parametrize(
        "text",
        [
            "from opsdash_local.dev_issuer.routes import issuer_router",
            "def f():\n    import opsdash_local",
            "from importlib import import_module\nimport_module('opsdash_local.dev_issuer.routes')",
        ],
    )
    def test_of_an_import(self, text: str):
        assert of_the_local_stack(planted(text, "opsdash_gateway.app"))
        assert of_the_local_stack(planted("'''Unlike opsdash_local.'''\nimport opsdash_gateway")) == set()

    @pytest.mark.parametrize(
        "text",
        [
            "import jwt\ndef token(key): return jwt.encode({}, key)",
            "import jwt as j\ndef token(key): return j.encode({}, key)",
            "from jwt import encode\ndef token(key): return encode({}, key)",
            "from jwt import api_jwt\ndef token(key): return api_jwt.encode({}, key)",
            "from x import Ed25519PrivateKey\nKEY = Ed25519PrivateKey.generate()",
            "from x import serialization\ndef key(pem): return serialization.load_pem_private_key(pem, None)",
        ],
    )
    def test_of_an_issuer(self, text: str):
        assert signs(planted(text, "opsdash_gateway.console.auth.issuer"))
        assert signs(planted("import jwt\ndef f(text): return jwt.decode(text.encode())")) == set()
