"""uvicorn with the settings of the services."""

from __future__ import annotations

import uvicorn
import uvloop
from litestar import Litestar


def serve(app: Litestar, port: int) -> None:
    config = uvicorn.Config(
        app,
        port=port,
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )
    uvloop.run(uvicorn.Server(config).serve())
