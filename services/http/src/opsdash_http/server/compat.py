"""What this product needs of uvicorn beyond its public interface; seen with 0.54.

Its HTTP/1.1 protocol hands a connection on which another protocol was offered to WebSocket or to nobody: the body of a
request that offers HTTP/2, as Java's client and `curl --http2` do each time, is never read. A test fails when uvicorn
reads it by itself.
"""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER = b"upgrade"


class DecliningProtocol(HttpToolsProtocol):
    """HTTP/1.1 for whoever offers another protocol. A subclass says what an unreadable request is answered."""

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self._feed(memoryview(data))
        except httptools.HttpParserError:
            self.send_400_response("")

    def _feed(self, data: memoryview) -> None:
        """Decline an offer to upgrade (RFC 9110, 7.8). A parser takes what follows it for the other protocol, so a new
        one gets the same head without the offer, and then the body.
        """
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data, head = data[offer.args[0] :], self._head_without_offer()
                self.parser = _parser_for(self)
                self.parser.feed_data(head)
            else:
                return

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode("ascii")
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != _OFFER]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _is_offer(self) -> bool:
        """CONNECT is none: without a header it means another protocol."""
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def on_headers_complete(self) -> None:
        if not self._is_offer():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._is_offer():
            super().on_message_complete()


def _parser_for(protocol: DecliningProtocol) -> httptools.HttpRequestParser:
    """As uvicorn makes its own: what a client sends after a request that closes the connection is no error."""
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
