"""Whatever a relay does at whatever step, the verdict is right: try again, never again, or it is the way's fault.

Ten steps of a dialogue times eight misdeeds, each played by a server that follows a script; all at the same time.
"""

import socket
import socketserver
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import product

import pytest

from service.kit.settings import Settings
from service.updates.smtp import Channel, Limits, NotSent, Relay, Verdict
from tests.faults.conftest import FULL

STEPS = ("connect", "banner", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "dot", "QUIT")
DEEDS = ("421", "4xx", "5xx", "slow", "drip", "reset", "garbage", "close")
SHORT, REAL = Limits(connect=8, command=8, mail=10), Limits.within(Settings.model_fields["mail_seconds"].default)
# With short limits, and by `make faults` again and again, and with those of an installation.
RUNS = [SHORT] if not FULL else [*[SHORT] * 19, REAL]
# What the whole may take beyond the limit of a mail: patience for a machine under load.
PATIENCE = 5
ANSWERS = {"421": b"421 4.3.2 going down\r\n", "4xx": b"451 4.7.1 later\r\n", "5xx": b"550 5.7.1 no\r\n"}
GARBAGE = b"\x00\xff\xfe what? " + b"\x80" * 9_000 + b"\r\n"
CONTENT = b"From: a@ops.example\r\nTo: rita@example.com\r\nSubject: x\r\n\r\nText.\r\n"


class Script(socketserver.StreamRequestHandler):
    """Plays a relay that keeps to the rules until its step comes."""

    def handle(self):
        self.connection.settimeout(10)
        with suppress(OSError):
            self.converse(self.server.step, self.server.deed)

    def converse(self, step, deed):
        if step == "connect":
            return self.misbehave(deed)
        if step == "banner":
            self.wfile.write(b"220-relay.example greets you\r\n")
            return self.misbehave(deed)
        self.wfile.write(b"220 relay.example\r\n")
        while line := self.rfile.readline():
            verb = line.split(maxsplit=1)[0].upper().decode("latin-1") if line.strip() else ""
            verb = "EHLO" if verb == "HELO" else verb
            if verb == step:
                return self.misbehave(deed)
            if not self.answer(verb, step, deed):
                return None
        return None

    def answer(self, verb, step, deed):
        """Answer as a relay does; False when the dialogue is over."""
        if verb == "EHLO":
            self.wfile.write(b"250-relay.example\r\n250-AUTH PLAIN\r\n250-STARTTLS\r\n250 SIZE 10000000\r\n")
        elif verb == "AUTH":
            self.wfile.write(b"235 welcome\r\n")
        elif verb == "DATA":
            self.wfile.write(b"354 go on\r\n")
            while self.rfile.readline() not in {b".\r\n", b""}:
                pass
            if step == "dot":
                self.misbehave(deed)
                return False
            self.server.taken += 1
            self.wfile.write(b"250 taken\r\n")
        elif verb == "QUIT":
            self.wfile.write(b"221 bye\r\n")
            return False
        else:
            self.wfile.write(b"250 OK\r\n")
        return True

    def misbehave(self, deed):
        if deed in ANSWERS:
            self.wfile.write(ANSWERS[deed])
            time.sleep(0.05)
        elif deed == "slow":
            self.server.over.wait(60)
        elif deed == "drip":
            for byte in b"250-" + b"x" * 600:
                self.wfile.write(bytes([byte]))
                if self.server.over.wait(self.server.drip_seconds):
                    return
        elif deed == "garbage":
            self.wfile.write(GARBAGE)
            time.sleep(0.05)
        elif deed == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, step, deed, drip_seconds):
        super().__init__(("127.0.0.1", 0), Script)
        self.step, self.deed, self.taken, self.over = step, deed, 0, threading.Event()
        self.drip_seconds = drip_seconds


@contextmanager
def relay(step, deed, drip_seconds):
    with Server(step, deed, drip_seconds) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join(5)


def expected(step, deed):
    """What a failure at a step says; None: the mail has gone."""
    if step == "QUIT":
        return None
    if step in {"connect", "banner", "EHLO", "STARTTLS", "AUTH"}:
        return Verdict.CHANNEL
    if deed == "5xx":
        return Verdict.CHANNEL if step == "MAIL" else Verdict.REFUSED
    return Verdict.LATER


def deliver(server, step, limits):
    """Hand one mail over; the verdict of the failure, or None."""
    scheme, user = ("smtp+starttls" if step == "STARTTLS" else "smtp"), ("user" if step == "AUTH" else "")
    there = Relay(scheme, "127.0.0.1", server.server_address[1], user, "secret" if user else "")
    try:
        with Channel(there, "ops.example", limits) as channel:
            channel.deliver("a@ops.example", "rita@example.com", CONTENT)
    except NotSent as failure:
        return failure.verdict
    return None


def cell(step, deed, limits):
    """Play one: the verdict, how long the worker was held, and how often the relay took the mail."""
    with relay(step, deed, drip_seconds=limits.mail / 30) as server:
        began = time.monotonic()
        verdict = deliver(server, step, limits)
        return verdict, time.monotonic() - began, server.taken


CELLS = list(product(STEPS, DEEDS))


@pytest.mark.parametrize("limits", RUNS, ids=lambda limits: f"{limits.mail}s")
def test_every_misdeed_at_every_step_gets_the_right_verdict_in_time(limits):
    with ThreadPoolExecutor(len(CELLS)) as pool:
        found = dict(zip(CELLS, pool.map(lambda each: cell(*each, limits), CELLS), strict=True))
    longest = max(took for _, took, _ in found.values())

    print({"cells": len(CELLS), "limit_seconds": limits.mail, "longest_seconds": round(longest, 2)})  # noqa: T201
    wrong = {each: verdict for each, (verdict, *_) in found.items() if verdict != expected(*each)}
    assert (len(CELLS), wrong) == (80, {})
    # Only an answer to the final dot means that the relay has it.
    assert {each for each, (*_, taken) in found.items() if taken} == {("QUIT", deed) for deed in DEEDS}
    assert longest < limits.mail + PATIENCE
