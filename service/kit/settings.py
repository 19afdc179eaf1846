"""Settings: read once from the environment at the door, then passed as an argument."""

import os
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SETTINGS_FILE = "settings.env"


class Settings(BaseSettings):
    """Everything that an administrator can set, with its default.

    Each field is the environment variable `HEADSUP_<FIELD>`; what the environment leaves open is read
    from `settings.env` in the data directory, which `headsup init` writes.
    """

    model_config = SettingsConfigDict(env_prefix="HEADSUP_", frozen=True, extra="forbid")

    data_dir: Path = Field(Path("var"), description="Folder of the embedded database, keys and trained models.")
    database_url: str = Field("", description="PostgreSQL URL; empty means SQLite in the data directory.")
    unsafe_durability: bool = Field(
        default=False, description="Run on a database whose commits do not wait for the disk; for tests."
    )
    site_url: str = Field("http://127.0.0.1:8000", description="Where people reach the console; links in mails use it.")
    host: str = Field("127.0.0.1", description="Address that `headsup serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that `headsup serve` listens on.")
    secret_key: SecretStr = Field(SecretStr(""), description="Signs sessions and links; written by `headsup init`.")
    secret_key_before: SecretStr = Field(
        SecretStr(""),
        description="The secret key until it was changed: links and reply addresses that it signed stay valid.",
    )
    signing_key: SecretStr = Field(
        SecretStr(""), description="Ed25519 seed (base64) that signs trained models; written by `headsup init`."
    )
    cookie_secure: bool = Field(
        default=False,
        description="Send cookies over HTTPS only, as is always done when the site URL begins with https.",
    )

    smtp_url: str = Field(
        "", description="smtp://, smtp+starttls:// or smtps://user:password@host:port; empty keeps mails queued."
    )
    mail_from: str = Field("Headsup <headsup@localhost>", description="From of every mail.")
    mail_reply_to: str = Field("", description="Where a rep's reply goes; empty means the From address.")
    inbound_address: str = Field(
        "",
        description="Mailbox that replies and bounces come back to and that Headsup reads: headsup@ops.example, which "
        "must also get what is sent to headsup+anything@ops.example. Empty: replies go to `HEADSUP_MAIL_REPLY_TO`.",
    )
    inbound_url: str = Field(
        "",
        description="imaps:// or imap+starttls://user:password@host:port/FOLDER of that mailbox (INBOX if none is "
        "named); empty: a provider hands its mails to `/v1/inbound-mail`.",
    )
    inbound_signing_key: SecretStr = Field(
        SecretStr(""),
        description="Secret that mails handed to `/v1/inbound-mail` must be signed with, beside the key: `whsec_…` of "
        "Standard Webhooks, or Mailgun's webhook signing key. Empty: the key is enough.",
    )
    receipts: bool = Field(
        default=True, description="Tell a rep who replies that the reply has arrived, once a thread and hour at most."
    )
    answer_hours: int = Field(
        0,
        ge=0,
        le=100,
        description="Working hours within which a reply is answered; receipts and to-dos name the time. 0: no time.",
    )
    dkim_key_file: Path | None = Field(
        None,
        description="PEM file with the RSA or Ed25519 key that mails are signed with (DKIM); empty: the relay signs.",
    )
    dkim_selector: str = Field("headsup", description="Where receivers find the key: `SELECTOR._domainkey.DOMAIN`.")
    templates: Path | None = Field(
        None, description="Folder of your own words and looks for mails; what is not in it is ours. See docs/mail.md."
    )
    rehearsal_to: str = Field(
        "", description="Mailbox for the mail of each five minutes' rehearsal; empty: the relay is only greeted."
    )
    mail_seconds: float = Field(
        30,
        gt=0,
        description="Longest time that handing over one mail may take, in seconds: no other mail waits longer for it. "
        "After one and a half times that, another worker takes over the mail of one that died.",
    )

    horizon_days: int = Field(14, ge=1, le=90, description="How far ahead a complaint is predicted, in days.")
    alerts_per_day: float = Field(10, gt=0, description="New alerts a day that the team can work.")
    alert_cool_down_hours: int = Field(72, ge=0, description="Quiet time after an alert ends, in hours.")
    holdout_share: float = Field(
        0, ge=0, le=0.2, description="Share of new alerts held back in silence to learn what they are worth; 0 is off."
    )
    holdout_most_value: float = Field(
        0, ge=0, description="Accounts of a higher or unknown value are never held back; 0: whatever its value."
    )
    escalate_after_minutes: int = Field(60, ge=1, description="Unacknowledged this long: the lead is told.")
    plain_after_minutes: int = Field(180, ge=1, description="No update this long: the rep gets a plain heads-up.")
    group_seconds: int = Field(
        60, ge=0, le=900, description="News of a rep's accounts that come within this time are one mail, in seconds."
    )
    work_days: str = Field(
        "12345",
        pattern="^[1-7]{1,7}$",
        description="Days on which reps get heads-ups, 1 is Monday; a rep may have others.",
    )
    quiet_hours: str = Field(
        "20:00-07:00",
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="Wall times of the rep between which no mail comes; 00:00-00:00 is never quiet.",
    )
    holidays: str = Field(
        "",
        pattern="^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$",
        description="Country, or a part of one, on whose holidays reps are left in peace, like DE or DE-BY.",
    )
    urgent_breaks_quiet: bool = Field(
        default=True, description="Send an update that operations marks as urgent in quiet hours and on free days, too."
    )
    digest_day: int = Field(1, ge=0, le=7, description="Day of the weekly mails, 1 is Monday; 0: none are sent.")
    digest_hour: int = Field(9, ge=0, le=23, description="Hour of the weekly mails on the reader's wall clock.")
    storm_share: float = Field(
        0.2, gt=0, le=1, description="Share of the accounts that cross the line in a day and look like a data fault."
    )
    storm_minutes: int = Field(
        15, ge=0, le=240, description="How long such a storm holds the reps' mail for somebody to look, in minutes."
    )
    mails_per_minute: int = Field(
        1_800,
        ge=1,
        description="Mails that a worker hands to the relay in a minute, at most; less where a provider takes less.",
    )
    learning_days: int = Field(28, ge=0, description="Age below which an account has no own past to be judged by.")

    retrain_every_days: int = Field(28, ge=0, description="Age at which a model is trained anew; 0 means by hand only.")
    shadow_days: int = Field(14, ge=1, description="Days with known outcomes that a candidate is compared on.")
    drift_loss: float = Field(0.1, gt=0, lt=1, description="Loss of precision that people are told of; 0.1 is a tenth.")
    watch_keep_days: int = Field(180, ge=60, description="How long daily figures of the models are kept, in days.")

    keep_observations_days: int = Field(
        1_100, ge=0, description="How long observations are kept, in days; training needs a year or more. 0: for ever."
    )
    keep_scores_days: int = Field(730, ge=0, description="How long daily risks are kept, in days. 0: for ever.")
    keep_mails_days: int = Field(
        180, ge=0, description="How long the text of sent mails is kept, in days; who was told when stays. 0: for ever."
    )

    keep_replies_days: int = Field(
        365,
        ge=0,
        description="How long texts of answered replies, and notes of bounces, are kept, in days. 0: for ever.",
    )

    max_body_mb: int = Field(8, ge=1, le=256, description="Largest request body, in MB.")
    max_rows: int = Field(10_000, ge=1, description="Most rows in one request.")
    requests_per_minute: int = Field(1_200, ge=1, description="Requests a minute that one API key may make.")
    login_attempts: int = Field(10, ge=1, description="Sign-in attempts per address and per login in 15 minutes.")

    second_factor: Literal["offered", "admins", "all"] = Field(
        "offered", description="Who must sign in with a second factor; whom it is only offered may still set one up."
    )
    password_words: str = Field(
        "",
        description="Names of your company, products and places, with spaces between: no password may be little more.",
    )
    refused_passwords: Path | None = Field(
        None, description="File of passwords that nobody may take, one a line, such as those of known breaches."
    )

    worker_seconds: float = Field(5, gt=0, description="Pause between two rounds of the worker, in seconds.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto means console on a terminal, JSON lines elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, url: str) -> str:
        """Pin psycopg 3, so that the URL means the same whichever SQLAlchemy reads it."""
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        if url and not url.startswith(("postgresql+psycopg://", "sqlite:///")):
            msg = "give a postgresql:// URL, or leave it empty for SQLite in the data directory"
            raise ValueError(msg)
        return url

    @field_validator("dkim_key_file", "templates", "refused_passwords", mode="before")
    @classmethod
    def _empty_is_none(cls, path: object) -> object:
        return path or None

    @field_validator("inbound_address")
    @classmethod
    def _has_room_for_a_tag(cls, address: str) -> str:
        """Let the part before the @ hold a plus sign and 42 characters: 64 are allowed."""
        if address and not re.fullmatch(r"[a-z0-9._-]{1,20}@[a-z0-9.-]+", address):
            msg = "give a plain address in lower case with at most 20 characters before the @"
            raise ValueError(msg)
        return address

    @field_validator("site_url")
    @classmethod
    def _no_trailing_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @property
    def https(self) -> bool:
        """Whether browsers reach the console by TLS: cookies are then tied to it."""
        return self.cookie_secure or self.site_url.startswith("https://")

    @property
    def secret_keys(self) -> list[str]:
        """The secret keys whose signatures are valid; the last one signs."""
        before, present = self.secret_key_before.get_secret_value(), self.secret_key.get_secret_value()
        return [before, present] if before else [present]

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'headsup.db').resolve()}"

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one: API, console and worker then share a process."""
        return self.database.startswith("sqlite")

    @property
    def artifacts_dir(self) -> Path:
        """Folder of trained models, one immutable sub-folder a version."""
        return self.data_dir / "artifacts"

    @property
    def settings_file(self) -> Path:
        """The file that `headsup init` writes."""
        return self.data_dir / SETTINGS_FILE

    @classmethod
    def load(cls, data_dir: Path | None = None) -> Self:
        """Read the environment, then the settings file beside the data.

        Raises:
            pydantic.ValidationError: a setting is wrong; the message names it.
        """
        folder = data_dir or Path(os.environ.get("HEADSUP_DATA_DIR", "var"))
        return cls(_env_file=folder / SETTINGS_FILE, data_dir=folder)
