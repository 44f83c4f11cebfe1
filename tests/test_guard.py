"""The guard of the tests themselves: none of them reaches further than this machine."""

from __future__ import annotations

import socket

import pytest

from tests.conftest import OutsideWorld


def test_a_name_beyond_this_machine_is_refused() -> None:
    with pytest.raises(OutsideWorld):
        socket.create_connection(("example.invalid", 80), timeout=1)


@pytest.mark.parametrize("connect", ["connect", "connect_ex"])
def test_an_address_beyond_this_machine_is_refused(connect: str) -> None:
    with socket.socket() as outgoing, pytest.raises(OutsideWorld):
        getattr(outgoing, connect)(("192.0.2.1", 80))


def test_loopback_is_open() -> None:
    with socket.socket() as listening, socket.socket() as calling:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert calling.connect_ex(listening.getsockname()) == 0
