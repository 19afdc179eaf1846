"""Codes that change with time, as RFC 6238 and RFC 4226 have them."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from service.access import codes

KEY = b"12345678901234567890"
# RFC 6238, appendix B, SHA-1: the moment in seconds since 1970, and the code of eight digits.
OF_TIME = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
# RFC 4226, appendix D: the codes of the first ten steps.
OF_STEPS = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize(("seconds", "expected"), OF_TIME)
def test_codes_of_moments_are_those_of_the_rfc(seconds, expected):
    step = codes.step_of(datetime.fromtimestamp(seconds, UTC))

    assert codes.code(KEY, step, digits=8) == expected


def test_codes_of_steps_are_those_of_the_rfc():
    assert [codes.code(KEY, step) for step in range(10)] == OF_STEPS


def test_a_code_fits_half_a_minute_before_and_after_and_no_longer():
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    shown = codes.code(KEY, codes.step_of(now))

    fits = {
        seconds: codes.step_that_fits(KEY, shown, after=0, now=now + timedelta(seconds=seconds))
        for seconds in (-31, -30, 0, 29, 59, 60)
    }

    step = codes.step_of(now)
    assert fits == {-31: None, -30: step, 0: step, 29: step, 59: step, 60: None}
    assert codes.step_that_fits(KEY, shown, after=step, now=now) is None


def test_an_app_reads_from_the_link_what_the_page_says(settings):
    key = codes.new_key()
    read = urlsplit(codes.link(settings, "ola@example.com", key))

    assert (read.scheme, read.netloc, read.path.endswith(":ola%40example.com")) == ("otpauth", "totp", True)
    assert base64.b32decode(parse_qs(read.query)["secret"][0]) == key
    assert base64.b32decode(codes.written(key).replace(" ", "")) == key


def test_a_recovery_code_is_read_however_it_is_typed():
    made = codes.new_recovery_code()

    assert len(codes.tidy(made)) == codes.RECOVERY_LENGTH
    assert codes.recovery_hash(f" {made.lower().replace('-', ' ')} ") == codes.recovery_hash(made)


def test_a_key_is_sealed_and_outlives_a_change_of_the_secret_key(settings):
    key = codes.new_key()
    sealed = codes.seal(settings, key)
    changed = settings.model_copy(
        update={"secret_key": type(settings.secret_key)("n" * 43), "secret_key_before": settings.secret_key}
    )

    again = codes.seal(changed, codes.unseal(changed, sealed))

    assert key not in sealed.encode()
    assert codes.unseal(changed.model_copy(update={"secret_key_before": type(settings.secret_key)("")}), again) == key
    assert codes.unseal(settings, again) is None
