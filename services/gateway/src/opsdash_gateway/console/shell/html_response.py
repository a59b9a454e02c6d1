"""The answer that carries a page or a part of one."""

from __future__ import annotations

import gzip
from typing import Final

from litestar import Response
from litestar.enums import MediaType
from opsdash_http.types import HttpRequest

COMPRESSION_LEVEL: Final = 5


def html_response(
    request: HttpRequest, html: str, status: int = 200, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """Compressed for whoever takes it; pages are made anew each time, so nothing of them is kept."""
    content, sent = html.encode(), dict(headers or {})
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = gzip.compress(content, COMPRESSION_LEVEL, mtime=0)
        sent["Content-Encoding"] = "gzip"
    return Response(content, status_code=status, media_type=MediaType.HTML, headers=sent)
