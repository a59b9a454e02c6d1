"""The route of the console's static files, which browsers keep for ever."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from opsdash_http.errors.problems import not_found
from opsdash_http.security.authentication import PUBLIC
from opsdash_http.types import HttpRequest

from opsdash_gateway.console.assets.files import PREFIX, Assets

HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
}


def static_route(assets: Assets) -> HTTPRouteHandler:
    """The route; a name that is not of this release is 404, so no old file is ever cached under a new name."""

    @get(PREFIX + "{name:str}", opt={"authentication": PUBLIC, "query_parameters": None}, include_in_schema=False)
    async def static_file(name: FromPath[str], request: HttpRequest) -> Response[bytes]:
        asset = assets.served(name)
        if asset is None:
            raise not_found()
        if asset.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers = HEADERS | {"Content-Encoding": "gzip"}
            return Response(asset.compressed, media_type=asset.media_type, headers=headers)
        return Response(asset.content, media_type=asset.media_type, headers=HEADERS)

    return static_file
