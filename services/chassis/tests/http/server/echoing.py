"""Two routes that anybody may call: one answers with the body it was sent, one with a name in its path."""

from __future__ import annotations

from typing import Any

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody
from opsdash_chassis.http.security.authentication import PUBLIC


def echoing(**opt: Any) -> Router:
    """`opt` is of the route that takes a body."""

    @post("/echo", opt=opt)
    async def echo(data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
        return data

    @get("/hello/{name:str}")
    async def hello(name: FromPath[str]) -> str:
        return name

    return Router("/", route_handlers=[echo, hello], opt={"authentication": PUBLIC})
