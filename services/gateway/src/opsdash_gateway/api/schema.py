"""The API's description: the OpenAPI document and a page that shows it without any other host."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.enums import MediaType
from litestar.params import FromPath
from opsdash_chassis.http.authentication import NOBODY
from opsdash_chassis.http.problems import not_found

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


def schema_router(document: dict[str, Any]) -> Router:
    """The routes; the document is encoded once."""
    encoded = msgspec.json.encode(document)

    @get("/")
    async def page() -> Response[str]:
        return Response(_PAGE, media_type=MediaType.HTML, headers={"Content-Security-Policy": _POLICY})

    @get("/openapi.json")
    async def openapi() -> Response[bytes]:
        return Response(encoded, media_type="application/vnd.oai.openapi+json")

    @get("/{name:str}")
    async def asset(name: FromPath[str]) -> Response[bytes]:
        if name not in ASSETS:
            raise not_found()
        content = files("opsdash_gateway").joinpath("docs_page", name).read_bytes()
        return Response(content, media_type=ASSETS[name], headers={"Cache-Control": "public, max-age=3600"})

    return Router(
        "/schema",
        route_handlers=[page, openapi, asset],
        opt={"authentication": NOBODY},
        include_in_schema=False,
    )
