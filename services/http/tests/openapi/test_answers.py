"""What the OpenAPI document says of refusals: of the application's domain only what the application gives."""

from __future__ import annotations

from litestar import get
from opsdash_http.errors.problems import forbidden
from opsdash_http.openapi import Document, openapi_document
from opsdash_http.openapi.answers import DomainAnswers


@get("/things")
async def things() -> None: ...


def refusal(document: Document) -> tuple[str, str, str]:
    answer = document["components"]["responses"]["Forbidden"]
    example = answer["content"]["application/problem+json"]["example"]
    return answer["description"], example["type"], example["instance"]


def members(document: Document) -> set[str]:
    return set(document["components"]["schemas"]["Problem"]["properties"])


def test_without_a_domain_refusals_are_those_of_any_application():
    assert refusal(openapi_document("t", "1", [things])) == ("Not allowed", "/problems/forbidden", "/")


def test_a_domain_says_why_where_and_with_which_members():
    domain = DomainAnswers(forbidden("too-young", ""), "Not at this age", "/wine", {"age": {"type": "integer"}})
    document = openapi_document("t", "1", [things], domain=domain)
    assert refusal(document) == ("Not at this age", "/problems/too-young", "/wine")
    assert members(document) - members(openapi_document("t", "1", [things])) == {"age"}
