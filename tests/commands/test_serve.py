"""`headsup serve` and `headsup worker` as real processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

STARTS_WITHIN, ENDS_WITHIN = 30, 10


@pytest.fixture
def start(settings):
    """Start `headsup …` on the test's installation; killed at the end if it has not ended."""
    started = []

    def run(*arguments):
        where = {"HEADSUP_DATA_DIR": str(settings.data_dir), "HEADSUP_DATABASE_URL": settings.database_url}
        command = [sys.executable, "-m", "service", *arguments]
        process = subprocess.Popen(command, env=os.environ | where, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def address_of(process):
    for line in process.stderr:
        if found := re.search(r"Headsup is at (\S+)", line):
            return found[1]
    return pytest.fail("it ended before it served")


def answer_of(url):
    give_up = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < give_up:
        try:
            return httpx2.get(url)
        except httpx2.TransportError:
            time.sleep(0.1)
    return pytest.fail(f"{url} does not answer")


@pytest.mark.usefixtures("db", "installed")
def test_it_serves_and_ends_within_ten_seconds_of_being_told(start):
    process = start("serve", "--port", "0")
    alive = answer_of(address_of(process) + "/livez")

    process.send_signal(signal.SIGTERM)

    assert process.wait(ENDS_WITHIN) == 0
    assert alive.status_code == 200
    assert "server" not in alive.headers


@pytest.mark.usefixtures("db", "installed")
def test_a_worker_ends_within_ten_seconds_of_being_told(start):
    process = start("worker")
    assert any("worker_started" in line for line in process.stderr)

    process.send_signal(signal.SIGTERM)

    assert process.wait(ENDS_WITHIN) == 0


@pytest.mark.usefixtures("db", "installed")
def test_a_port_that_somebody_has_is_named(cli):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        refused = cli("serve", "--port", str(port))

    assert refused.exit_code == 1
    assert str(port) in refused.stderr


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_runs_without_keys(cli, command):
    refused = cli(command)

    assert refused.exit_code == 1
    assert "run `headsup init`" in refused.stderr


@pytest.mark.usefixtures("db", "installed")
def test_a_connection_goes_on_after_a_request_that_was_refused_before_all_of_it_came(start):
    url = httpx2.URL(address_of(process := start("serve", "--port", "0")))
    answer_of(url.join("/livez"))
    with socket.create_connection((url.host, url.port), timeout=30) as line, line.makefile("rb") as answers:
        line.sendall(
            b"POST /v1/accounts HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer hu_none\r\nContent-Length: 9000\r\n\r\n"
        )
        first = answers.readline()
        while (header := answers.readline()) != b"\r\n":
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        answers.read(length)
        line.sendall(b"x" * 9000 + b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n")
        second = answers.readline()
    process.send_signal(signal.SIGTERM)

    assert (first, second) == (b"HTTP/1.1 401 Unauthorized\r\n", b"HTTP/1.1 200 OK\r\n")
