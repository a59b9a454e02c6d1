"""Ports drawn for servers of ours."""

from __future__ import annotations

import socket

from opsdash_local.ports import DRAWN, LOOPBACK, free_port, is_free


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
