"""The API's description: the OpenAPI document and a page that shows it without any other host."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml
from litestar import Response, Router, get
from litestar.enums import MediaType
from litestar.params import FromPath
from opsdash_http.errors.problems import not_found
from opsdash_http.openapi.schemas import Schema
from opsdash_http.security.authentication import PUBLIC

from opsdash_gateway.rest.openapi.itself import JSON_PATH, JSON_TYPE, YAML_PATH, YAML_TYPE

_PREFIX = "/schema"
ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "start.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
# Swagger UI sets style attributes; scripts come from our files only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>OpsDash Support API</title>
<link rel="icon" type="image/png" href="/schema/favicon-32x32.png">
<link rel="stylesheet" href="/schema/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript><a href="/schema/openapi.json">OpenAPI document</a></noscript>
<script src="/schema/swagger-ui-bundle.js"></script>
<script src="/schema/start.js"></script>
</body>
</html>
"""


def schema_router(document: Schema) -> Router:
    """The routes; the document is encoded once, as YAML when somebody asks for that."""
    encoded = msgspec.json.encode(document)
    encoded_as_yaml = cache(lambda: as_yaml(document))

    @get("/")
    async def page() -> Response[str]:
        return Response(_PAGE, media_type=MediaType.HTML, headers={"Content-Security-Policy": _POLICY})

    @get(JSON_PATH.removeprefix(_PREFIX))
    async def openapi() -> Response[bytes]:
        return Response(encoded, media_type=JSON_TYPE)

    @get(YAML_PATH.removeprefix(_PREFIX), sync_to_thread=True)
    def openapi_as_yaml() -> Response[bytes]:
        return Response(encoded_as_yaml(), media_type=YAML_TYPE)

    @get("/{name:str}")
    async def asset(name: FromPath[str]) -> Response[bytes]:
        if name not in ASSETS:
            raise not_found()
        content = files("opsdash_gateway.rest").joinpath("docs_page", name).read_bytes()
        return Response(content, media_type=ASSETS[name], headers={"Cache-Control": "public, max-age=3600"})

    return Router(
        _PREFIX,
        route_handlers=[page, openapi, openapi_as_yaml, asset],
        opt={"authentication": PUBLIC},
        include_in_schema=False,
    )


class _Dumper(yaml.CSafeDumper):
    """Writes what occurs twice twice: readers of OpenAPI need not know anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - whatever it is
        return True


def as_yaml(document: Schema) -> bytes:
    """The same document as YAML without anchors."""
    text: bytes = yaml.dump(document, Dumper=_Dumper, encoding="utf-8", allow_unicode=True, sort_keys=False, width=1000)
    return text
