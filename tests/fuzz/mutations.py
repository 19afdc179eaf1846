"""Bytes that are nearly right."""

import random
from collections.abc import Iterator, Sequence

WORDS = (
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b'"',
    b"'",
    b",",
    b";",
    b"=?utf-8?b?",
    b"?=",
    b"--x",
    b"[" * 300,
    b"%s",
    b"NaN",
    b"=",
)
WORDS += (
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "é\u202e\U0001f600".encode(),
    b"9" * 400,
    b"Content-Type: multipart/mixed; boundary=x\r\n",
)
WORDS += (
    b"Content-Transfer-Encoding: base64\r\n",
    b"charset=utf-7",
    b"charset=idna",
    b"1e999",
    b"{}",
    b".",
    b"_",
    b"+",
)


def mutations(seeds: Sequence[bytes], *, runs: int, seed: int, longest: int) -> Iterator[bytes]:
    """Change something right in a few places, again and again; now and then go on from what came out."""
    rng = random.Random(seed)  # noqa: S311 (the same bytes each time)
    kept = list(seeds)
    for _ in range(runs):
        data = rng.choice(kept)
        for _ in range(rng.randrange(1, 5)):
            data = _changed(rng, data, kept)
        data = data[:longest]
        if rng.random() < 0.01:
            kept[len(seeds) :] = [*kept[len(seeds) :], data][-200:]
        yield data


def _changed(rng: random.Random, data: bytes, kept: Sequence[bytes]) -> bytes:
    at, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    match rng.randrange(6):
        case 0:
            return data[:at] + data[end:]
        case 1:
            return data[:at] + rng.choice(WORDS) + data[at:]
        case 2:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 3:
            return data[:end] + data[at:end] * rng.randrange(1, 9) + data[end:]
        case 4:
            return data[:at] + rng.choice(kept)[at:end] + data[at:]
        case _:
            return rng.choice(WORDS).join(data[:end].partition(data[at : at + 1] or b" "))
