"""Sizes that somebody sends to hurt: refused at once, in little memory, while others are answered."""

import gzip
import json
import socket
import threading
import time

import httpx2
import pytest

from benchmarks.stand import stand
from tests.conftest import ON_POSTGRESQL
from tests.faults.conftest import FULL

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="what is refused here never reaches the database")
GB, MB = 1024**3, 1024**2
# 0.25 s and 1 s on a machine of one's own; what runs with every push shares two cores.
STALL_SECONDS, ANSWER_SECONDS = (0.25, 1.0) if FULL else (2.0, 5.0)
MOST_GROWTH = 64 * MB
ROW = b'{"account_id":"a","metric":"m","observed_at":"2026-03-02T12:00:00Z","value":1},'


class Pulse(threading.Thread):
    """Asks /livez all the time and remembers the longest wait."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.longest, self.over = url, 0.0, threading.Event()

    def run(self):
        with httpx2.Client(base_url=self.url, timeout=30) as http:
            while not self.over.wait(0.02):
                began = time.monotonic()
                assert http.get("/livez").status_code == 200
                self.longest = max(self.longest, time.monotonic() - began)


@pytest.fixture(scope="module")
def server():
    """A server that is warm: it has read its largest request, and libraries and buffers are there."""
    with stand() as it:
        started = it.serve(worker=False)
        body = {"observations": [json.loads(ROW[:-1])] * 10_000}
        for _ in range(3):
            headers = {"Authorization": f"Bearer {it.key}"}
            assert httpx2.post(f"{started.url}/v1/observations", json=body, headers=headers, timeout=60).is_success
        yield started, it.key


def send(port, head, chunks=()):
    """Send until there is an answer or the connection ends; return status, bytes of the answer and seconds."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(head)
            for chunk in chunks:
                connection.sendall(chunk)
        except OSError:  # it was refused meanwhile, as it should be
            pass
        answer = b""
        try:
            while b"\r\n\r\n" not in answer and (got := connection.recv(65_536)):
                answer += got
        except ConnectionResetError:
            pass
    status = int(answer[9:12]) if answer else 0
    return status, len(answer), time.monotonic() - began


def request(key, kind, length, *, method="POST", path="/v1/observations", more=""):
    size = f"Content-Length: {length}" if length else "Transfer-Encoding: chunked"
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {key}", f"Content-Type: {kind}", size]
    return ("\r\n".join(lines) + more + "\r\n\r\n").encode()


def whole(kind, body, **options):
    """A request that is sent with all of its body."""
    return lambda key: (request(key, kind, len(body), **options), [body])


def bare(head):
    return lambda _key: (head, [])


def chunked(size):
    yield from (b"10000\r\n" + b" " * 65_536 + b"\r\n" for _ in range(size // 65_536))


JSON, CSV, NDJSON, FORM = "application/json", "text/csv", "application/x-ndjson", "multipart/form-data; boundary=x"
MANY = 2_600_000
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
PARTS = PART * 100_000 + b"--x--"
FIELDS = b"&".join(b"a%d=1" % n for n in range(100_000))
ONE = {"method": "PUT", "path": "/v1/accounts/a"}
HOSTILE = {
    "1 GB, announced": (lambda key: (request(key, JSON, GB), []), {413}),
    "1 GB in chunks": (lambda key: (request(key, JSON, 0), chunked(GB)), {413}),
    "a million rows": (whole(JSON, b'{"observations":[' + b"1," * 10**6 + b"1]}"), {413}),
    "8 MB of rows": (whole(JSON, b'{"observations":[' + ROW * 100_000 + b"1]}"), {413}),
    "8 MB of empty lists": (whole(JSON, b'{"observations":[' + b"[]," * MANY + b"1]}"), {413}),
    "8 MB for one thing": (whole(JSON, b'{"name":[' + b"{}," * MANY + b"1]}", **ONE), {413, 422}),
    "4 million lines": (whole(NDJSON, b"1\n" * 4_000_000), {413}),
    "8 million cells": (whole(CSV, b"a,b\n" + b"," * 8_000_000), {413}),
    "a packed bomb": (whole(JSON, gzip.compress(b" " * 10 * MB), more="\r\nContent-Encoding: gzip"), {415}),
    "100,000 parts": (whole(FORM, PARTS), {413, 415}),
    "100,000 parts of a form": (whole(FORM, PARTS, path="/login"), {400, 403, 413, 422}),
    "100,000 fields of a form": (
        whole("application/x-www-form-urlencoded", FIELDS, path="/login"),
        {400, 403, 413, 422},
    ),
    "a header of 20 MB": (bare(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20 * MB + b"\r\n\r\n"), {0, 400}),
    "100,000 headers": (bare(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 100_000 + b"\r\n"), {0, 400}),
    "an address of 64 kB": (bare(b"GET /" + b"x" * 65_536 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), {0, 400}),
    "100,000 levels": (whole(JSON, b'{"observations":' + b"[" * 10**5 + b"]" * 10**5 + b"}"), {422}),
    "a number of 5,000 digits": (whole(JSON, b'{"observations":' + b"9" * 5_000 + b"}"), {422}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_sent_to_hurt_is_refused_at_once_in_little_memory(server, name):
    started, key = server
    make, wanted = HOSTILE[name]
    before, pulse = started.memory(), Pulse(started.url)
    pulse.start()

    status, size, seconds = send(started.port, *make(key))

    pulse.over.set()
    pulse.join(30)
    grown = started.memory() - before
    print({"what": name, "status": status, "seconds": seconds, "stall": pulse.longest, "grown_mb": grown / MB})  # noqa: T201
    assert (status in wanted, size <= 4_096) == (True, True), (status, size)
    assert grown <= MOST_GROWTH
    assert seconds <= ANSWER_SECONDS
    assert pulse.longest <= STALL_SECONDS
