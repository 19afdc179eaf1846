"""Passwords that are guessed early are refused, others are not."""

import secrets

import pytest

from service.access import passwords
from service.access.passwords import PasswordTooEasy, PasswordTooShort

COMMON = [
    "123456789012",
    "1234567890123",
    "123456123456",
    "qwertyuiop123",
    "qwerty123456",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "q1w2e3r4t5y6",
    "zxcvbnm12345",
    "Password1234",
    "password2026!",
    "P@ssw0rd1234",
    "passwordpassword",
    "letmeinletmein",
    "iloveyou2024",
    "Sommer2026!!",
    "Willkommen1!",
    "abcabcabcabc",
    "aaaaaaaaaaaa",
    "abcdefghijkl",
    "adminadmin123",
    "Welcome12345",
    "changeme1234",
    "football2025",
    "leavemealone",
    "motherfucker",
    "111111222222",
    "monkeydragon1",
    "superman12345",
    "princess1234",
    "mnbvcxzlkjhg",
    "987654321987",
    "Januar2026Januar2026",
    "playstation2",
]
WORDS = {"northwind", "headsup", "example", "reyes", "rita"}
FITTING = ["headsup-2026!", "Northwind2026", "northw1nd!2026", "rita.reyes.1990", "example-headsup", "R1ta&Northwind"]
GOOD = ["correct horse battery", "Tr0ub4dor&3xyz", "northwind foods van 9", "the reps of the north", "zwölf Boxkämpfer"]


@pytest.mark.parametrize("password", COMMON)
def test_what_everybody_tries_first_is_refused(password):
    with pytest.raises(PasswordTooEasy):
        passwords.check(password)


@pytest.mark.parametrize("password", FITTING)
def test_little_more_than_a_name_of_the_place_is_refused(password):
    with pytest.raises(PasswordTooEasy):
        passwords.check(password, WORDS)


@pytest.mark.parametrize("password", GOOD)
def test_what_nobody_tries_first_is_taken(password):
    passwords.check(password, WORDS)


def test_random_passwords_are_taken():
    for _ in range(2_000):
        passwords.check(secrets.token_urlsafe(15), WORDS)


def test_eleven_characters_are_too_few():
    with pytest.raises(PasswordTooShort):
        passwords.check("xk3;pQz9!wT")


def test_a_password_of_a_thousand_characters_is_looked_at_soon():
    passwords.check("1a" * 400 + "zebra crossing lamp", {f"word{n}" for n in range(50)})
    assert passwords.parts("password" * 125) == 125


def test_the_words_come_from_settings_and_person(settings):
    named = settings.model_copy(
        update={
            "site_url": "https://headsup.northwind.example",
            "mail_from": "Desk <desk@ops-north.example>",
            "password_words": "Fjordline, Polaris",
        }
    )

    words = passwords.fitting_words(named, "rita.r@example.com", "Rita Reyes")

    assert words == {"headsup", "northwind", "desk", "north", "fjordline", "polaris", "rita", "example", "reyes"}


def test_a_file_of_refused_passwords_is_heeded(tmp_path):
    listed = tmp_path / "breached.txt"
    listed.write_text("staple of a horse\nanother of them\n")

    with pytest.raises(PasswordTooEasy):
        passwords.refuse_listed("another of them", listed)
    passwords.refuse_listed("another of the", listed)
    passwords.refuse_listed("another of them", None)
