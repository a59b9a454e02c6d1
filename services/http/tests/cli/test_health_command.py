"""The health check of a container: live or not, by the status of /livez on the right port; ready or not, and why."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opsdash_http.cli.health_command import main
from opsdash_local.ports import free_port

pytestmark = pytest.mark.integration


class _Probes(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path in {"/livez", "/readyz"} else 404)
        self.end_headers()
        self.wfile.write(f"{self.path}: {self.status}".encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Probes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def exit_code(monkeypatch: pytest.MonkeyPatch, *options: str, **environment: int) -> object:
    for name in ("OPSDASH_OPERATIONS_PORT", "OPSDASH_HTTP_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(SystemExit) as ended:
        main(options)
    return ended.value.code


class TestHealthCommand:
    def test_the_operations_port_comes_first(self, port: int, monkeypatch: pytest.MonkeyPatch):
        assert exit_code(monkeypatch, OPSDASH_HTTP_PORT=port) == 0
        assert exit_code(monkeypatch, OPSDASH_OPERATIONS_PORT=port, OPSDASH_HTTP_PORT=free_port()) == 0
        assert exit_code(monkeypatch, OPSDASH_OPERATIONS_PORT=free_port(), OPSDASH_HTTP_PORT=port) == 1

    def test_another_status_is_not_live(self, port: int, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(_Probes, "status", 503)
        assert exit_code(monkeypatch, OPSDASH_HTTP_PORT=port) == 1

    def test_it_says_nothing_of_what_runs_every_few_seconds(
        self, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        exit_code(monkeypatch, OPSDASH_HTTP_PORT=port)
        assert capsys.readouterr().out == ""


class TestReadiness:
    @pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
    def test_the_answer_is_printed(
        self, status: int, code: int, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        monkeypatch.setattr(_Probes, "status", status)
        assert exit_code(monkeypatch, "--ready", OPSDASH_OPERATIONS_PORT=port) == code
        assert capsys.readouterr().out == f"/readyz: {status}\n"

    def test_a_process_that_is_not_there_is_said(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        port = free_port()
        assert exit_code(monkeypatch, "--ready", OPSDASH_OPERATIONS_PORT=port) == 1
        assert capsys.readouterr().out.startswith(f"nothing answers on port {port}: ConnectionRefusedError")
