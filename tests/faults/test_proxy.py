"""The network that faults are made with does what it says."""

import socket
import threading
import time

import pytest

from tests.faults.proxy import Faults, between


@pytest.fixture
def echo():
    """A server that says again what it hears."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(connection):
        with connection:
            try:
                while heard := connection.recv(1024):
                    connection.sendall(heard)
            except OSError:
                pass

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def said(port, text=b"hello", within=5.0):
    with socket.create_connection(("127.0.0.1", port), timeout=within) as connection:
        connection.sendall(text)
        return connection.recv(1024)


def test_without_a_fault_it_carries_both_ways(echo):
    with between(echo) as proxy:
        assert said(proxy.port) == b"hello"


def test_latency_is_added(echo):
    with between(echo) as proxy:
        proxy.faults = Faults(latency=0.3)
        began = time.monotonic()

        assert said(proxy.port) == b"hello"
        assert time.monotonic() - began >= 0.6


def test_a_rate_holds_bytes_back(echo):
    with between(echo) as proxy:
        proxy.faults = Faults(rate=1000)
        began = time.monotonic()

        assert said(proxy.port, b"x" * 300)
        assert time.monotonic() - began >= 0.5


def test_a_black_hole_answers_nothing_and_ends_nothing(echo):
    with between(echo) as proxy:
        proxy.faults = Faults(black_hole=True)

        with pytest.raises(TimeoutError):
            said(proxy.port, within=0.3)


def test_a_connection_is_reset_after_so_many_bytes(echo):
    with between(echo) as proxy:
        proxy.faults = Faults(reset_after=3)

        with pytest.raises(ConnectionResetError):
            said(proxy.port)


def test_a_connection_is_closed_after_so_many_bytes(echo):
    with between(echo) as proxy:
        proxy.faults = Faults(close_after=3)

        assert said(proxy.port) == b""


def test_a_half_closed_connection_still_answers(echo):
    with between(echo) as proxy, socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(b"last words")
        connection.shutdown(socket.SHUT_WR)

        assert connection.recv(1024) == b"last words"


def test_all_connections_are_cut_at_once(echo):
    with between(echo) as proxy, socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(b"hello")
        assert connection.recv(1024) == b"hello"

        assert proxy.cut() == 2

        with pytest.raises(ConnectionResetError):
            connection.recv(1024)


def test_what_is_forgotten_stays_open_and_what_is_new_works(echo):
    with between(echo) as proxy, socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(b"hello")
        assert connection.recv(1024) == b"hello"

        assert proxy.forget() == 2

        connection.settimeout(0.3)
        connection.sendall(b"hello")
        with pytest.raises(TimeoutError):
            connection.recv(1024)
        assert said(proxy.port) == b"hello"
