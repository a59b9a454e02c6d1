"""Ports drawn for servers of ours."""

from __future__ import annotations

import socket
import subprocess
import sys

from opsdash_local.ports import CLAIMS, DRAWN, LOOPBACK, claim, free_port, is_free


def test_a_drawn_port_is_none_an_outgoing_connection_could_take() -> None:
    with socket.socket() as outgoing:
        outgoing.bind((LOOPBACK, 0))  # what the system hands out by itself
        assert outgoing.getsockname()[1] not in DRAWN
    assert all(free_port() in DRAWN for _ in range(50))


def test_a_port_with_a_listener_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, free_port()))
        listener.listen()
        assert not is_free(listener.getsockname()[1])


def test_a_drawn_port_is_nobody_elses_in_any_process() -> None:
    script = "import sys; from opsdash_local.ports import claim; sys.exit(claim(int(sys.argv[1])))"
    drawn = free_port()
    assert not claim(drawn)
    assert subprocess.run([sys.executable, "-c", script, str(drawn)], check=False, timeout=30).returncode == 0
    with socket.socket() as server:
        server.bind((LOOPBACK, drawn))


def test_only_the_latest_are_held() -> None:
    first = free_port()
    for _ in range(CLAIMS):
        free_port()
    assert claim(first)
