"""A02: two thousand broken bodies, spread over every route that changes something, break nothing."""

import json
import random
import time
from urllib.parse import urlencode

import pytest

from tests.security.tour import WRITES, Tour, go

SECRET = "sécrèt-echo"
BODIES, LARGEST_ANSWER, CPU_SECONDS = 2_000, 4_000, 0.1
# A wrong password is no broken body, and tries are counted: tests/security/test_guessing.py.
ROUTES = sorted(route for route in WRITES if not route.endswith(("/login", "/logout", "/here")))
ODD = ["NaN", "Infinity", "1e999", "9" * 5_000, '"\\ud800"', '"\\u0000"', "-0", "null", "[]", "{}", "true", '"x"']
SHORT = [b"", b"null", b"0", b'""', b"[]", b"{}", b"[{}]", b'{"": ""}', b"{} x", b"=", b"&&&", b"%", b"a=%ff"]
ENCODINGS = ["utf-16", "utf-32", "latin-1", "utf-8-sig"]


def cut(rng, text):
    return text[: rng.randrange(len(text) + 1)].encode()


def stuffed(rng, text):
    at = rng.randrange(len(text) + 1)
    return (text[:at] + rng.choice('{}[]",:\\\0é&=%+;') + text[at:]).encode()


def odd(rng, text):
    return (
        json.dumps(dict.fromkeys(json.loads(text), "@@") | {SECRET: SECRET}).replace('"@@"', rng.choice(ODD)).encode()
    )


def swapped(rng, text):
    good = json.loads(text)
    values = list(good.values())
    rng.shuffle(values)
    return json.dumps(dict(zip(good, values, strict=True))).encode()


def nested(rng, text):
    good = json.loads(text)
    return json.dumps(good | {rng.choice(list(good)): {SECRET: [SECRET] * 50}}).encode()


def encoded(rng, text):
    return text.encode(rng.choice(ENCODINGS), "replace")


def deep(rng, text):
    return b"[" * rng.randrange(1, 5_000) + text.encode()


def repeated(_rng, text):
    return "&".join([text] * 1_100).encode()


def noise(rng, _text):
    return rng.randbytes(60)


def short(rng, _text):
    return rng.choice(SHORT)


ANYHOW = [cut, stuffed, encoded, deep, noise, short]
BREAK_JSON, BREAK_FORM = [*ANYHOW, odd, swapped, nested], [*ANYHOW, repeated]
KINDS_JSON = ["application/json", "application/json", "application/json; charset=utf-8", "text/csv", "text/plain", ""]
KINDS_JSON += ["application/x-ndjson", "application/vnd.apache.parquet", "application/json;charset=utf-16"]
KINDS_FORM = ["application/x-www-form-urlencoded"] * 3 + ["multipart/form-data", "multipart/form-data; boundary=x", ""]


@pytest.fixture
def tour(api, ola, db, settings):
    return Tour(api, ola, db, settings)


def broken(tour, route, rng):
    """A body that is nearly right, and what it says to be."""
    sent = WRITES[route][0](tour)
    if "data" in sent:
        return rng.choice(BREAK_FORM)(rng, urlencode(sent["data"])), rng.choice(KINDS_FORM)
    return rng.choice(BREAK_JSON)(rng, json.dumps(sent.get("json") or {"note": SECRET})), rng.choice(KINDS_JSON)


def test_two_thousand_broken_bodies_break_nothing(tour):
    rng = random.Random(2)  # noqa: S311 (the same bodies each time)
    go(tour, "POST /v1/observations")
    wrong, took = [], []
    for route in ROUTES:
        names = names_in(tour, route)
        for _ in range(BODIES // len(ROUTES) + 1):
            body, kind = broken(tour, route, rng)
            answer, seconds = send(tour, route, names, body, kind)
            took.append(seconds)
            if answer.status_code >= 500 or (answer.status_code >= 400 and not discreet(answer)):
                wrong.append((route, answer.status_code, kind, body[:80], answer.text[:200]))

    took.sort()
    print({"bodies": len(took), "p99_cpu_ms": round(1_000 * took[-len(took) // 100], 1)})  # noqa: T201 (a figure)
    assert wrong == []
    assert took[-len(took) // 100] < CPU_SECONDS


def names_in(tour, route):
    """What the address of the route names, made for it."""
    if not {"{metric}", "{account_id}"}.isdisjoint(route.partition("/v1")[2].split("/")):
        return {"metric": "late_share", "account_id": "northwind"}
    return tour.alert() | {"token": tour.tokens.get(route.split()[1][:3], "none")}


def send(tour, route, names, body, kind):
    """The answer, and the seconds of a core that it took: those of the clock depend on who else is at work."""
    method, path = route.split()
    client = tour.api if path.startswith(("/v1/", *tour.tokens)) else tour.browser
    where = path.format(**names)
    began = time.process_time()
    answer = client.request(method, where, content=body, headers={"Content-Type": kind}, follow_redirects=False)
    return answer, time.process_time() - began


def discreet(answer):
    """A refusal repeats nothing and is short; a page shows the form again, for the person who typed it."""
    page = "text/html" in answer.headers.get("content-type", "")
    return page or (len(answer.content) <= LARGEST_ANSWER and SECRET not in answer.text)
