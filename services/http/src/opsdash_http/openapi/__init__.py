"""The OpenAPI document of some routes, with what the framework leaves out: headers, problems, what generators need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

from opsdash_http.openapi import answers, schemas
from opsdash_http.openapi.answers import NO_DOMAIN, DomainAnswers
from opsdash_http.openapi.schemas import Schema
from opsdash_http.requests.requests import JSON_MEDIA_TYPES, MERGE_PATCH_MEDIA_TYPES

USER_SCHEME = "user"
Document = Schema

METHODS = ("get", "post", "put", "patch", "delete")


def openapi_document(
    title: str,
    version: str,
    route_handlers: Sequence[ControllerRouterHandler],
    dependencies: Iterable[str] = (),
    *,
    domain: DomainAnswers = NO_DOMAIN,
) -> Document:
    """Describe the routes without starting anything; of dependencies only the names are needed."""
    user = SecurityScheme(type="http", scheme="bearer", bearer_format="JWT", description="OIDC access token")
    app = Litestar(
        route_handlers=route_handlers,
        dependencies={name: Provide(_nothing(), sync_to_thread=False) for name in ("caller", *dependencies)},
        logging_config=None,  # the default one would replace the process's own logging
        openapi_config=OpenAPIConfig(
            title=title,
            version=version,
            use_handler_docstrings=True,
            components=Components(security_schemes={USER_SCHEME: user}),
            security=[{USER_SCHEME: []}],
        ),
    )
    document = app.openapi_schema.to_schema()
    return complete(document, domain)


def _nothing() -> Callable[[], None]:
    """A new function each time: the framework refuses one function under two names."""
    return lambda: None


def complete(document: Document, domain: DomainAnswers) -> Document:
    """Describe the headers and problems of every operation, and write schemas so that generators can read them."""
    answers.add_components(document, domain)
    for path in document["paths"].values():
        for method, operation in path.items():
            if description := operation.get("description"):
                operation["summary"] = description.split("\n")[0].rstrip(".")
            if "requestBody" in operation and method == "patch":
                _as_merge_patch(operation["requestBody"]["content"])
            answers.describe(operation)
    return schemas.tidy(document)


def _as_merge_patch(content: Schema) -> None:
    (json,) = JSON_MEDIA_TYPES
    content |= dict.fromkeys(MERGE_PATCH_MEDIA_TYPES, content[json])


def operations(document: Document) -> Iterable[Schema]:
    """Every operation object of a document."""
    for path in document.get("paths", {}).values():
        yield from (path[method] for method in METHODS if method in path)
