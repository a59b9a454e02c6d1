"""The body of somebody else's answer: all of it, unless it is larger than it may be."""

from __future__ import annotations

import aiohttp


async def bounded_body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Raises ValueError above `limit` bytes. One read of the client gives what has arrived so far, not the whole."""
    chunks, left = list[bytes](), limit
    while chunk := await response.content.read(left + 1):
        chunks.append(chunk)
        left -= len(chunk)
        if left < 0:
            raise ValueError(f"an answer has more than {limit} bytes")
    return b"".join(chunks)
