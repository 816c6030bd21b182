"""Settings from the environment, read and checked once."""

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

from ikone_events.domain.colours import read_accent
from ikone_events.domain.outgoing import read_hosts, read_service_address
from ikone_events.domain.setting_values import HOST, is_guessable, read_origins
from ikone_events.mail.settings import ImapSettings, SmtpSettings, sender_address
from ikone_events.public_holidays import is_known_place

MIN_SECRET_LENGTH, MIN_TOKEN_LENGTH = 32, 16
# Settings with a password or key. A file of systemd or of a container may hold each: X_FILE.
SECRETS = (
    *("IKONE_SECRET_KEY", "IKONE_HEALTH_TOKEN", "IKONE_DATABASE_URL", "IKONE_ENGINE_URL"),
    *("IKONE_SMTP_URL", "IKONE_IMAP_URL", "IKONE_BBB_SECRET", "IKONE_JITSI_SECRET"),
)
# The share of a lease for the SMTP session; the rest is for the work before and after it.
_OF_LEASE = 0.75


class SettingsError(Exception):
    """Invalid settings; the message lists all of them, one per line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of an installation. Durations are seconds."""

    secret_key: str
    base_url: str
    data_dir: Path = Path("instance")
    database_url: str = ""
    engine_url: str = ""
    smtp_url: str = "smtp://127.0.0.1:25?tls=none"
    mail_from: str = ""
    imap_url: str = ""
    authserv_id: str = ""
    mail_per_minute: int = 60
    mail_per_connection: int = 100
    mail_retry: tuple[int, ...] = (60, 300, 900, 3600, 7200, 14400, 28800, 43200)
    quiet_minutes: int = 10
    timezone: str = "Europe/Berlin"
    holidays: str = "DE-RP"
    tick_seconds: int = 30
    lease_seconds: int = 120
    trusted_proxies: int = 0
    rate_limits: bool = True
    max_upload_mb: int = 50
    upload_quota_mb: int = 0  # 0 for no quota
    scan_command: tuple[str, ...] = ()  # the words before the path of a file
    health_token: str = ""
    backup_days: int = 3
    # Empty where administrators enter them in the browser: services/installation.py and
    # services/rooms/provider_settings.py.
    organisation: str = ""
    accent: str = ""
    address: str = ""
    privacy_contact: str = ""
    embed_origins: tuple[str, ...] = ()
    bbb_url: str = ""
    bbb_secret: str = ""
    jitsi_url: str = ""
    jitsi_app_id: str = ""
    jitsi_secret: str = ""
    outgoing_hosts: tuple[str, ...] = ()

    @property
    def sqlalchemy_url(self) -> str:
        """The URL of the database; by default an SQLite file in `data_dir`."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'ikone.db').resolve()}"

    @property
    def link_hosts(self) -> tuple[str, ...]:
        """Hosts of one's own network to which people may be led: ours among them."""
        return (*self.outgoing_hosts, self.host)

    @property
    def smtp(self) -> SmtpSettings:
        """The mail server; sending one mail takes less time than its lease."""
        return replace(
            SmtpSettings.from_url(self.smtp_url),
            mail_seconds=self.lease_seconds * _OF_LEASE,
            mails_per_connection=self.mail_per_connection,
        )

    @property
    def imap(self) -> ImapSettings | None:
        """The mailbox for answers and bounces, or None."""
        return ImapSettings.from_url(self.imap_url) if self.imap_url else None

    @property
    def uploads_dir(self) -> Path:
        """The folder of uploaded files, which the web server does not serve directly."""
        return self.data_dir / "uploads"

    @property
    def https(self) -> bool:
        """Whether `base_url` is https."""
        return self.base_url.startswith("https://")

    @property
    def sender(self) -> str:
        """The From address of all mails, which also receives calendar answers."""
        return self.mail_from or f"events@{self.host}"

    @property
    def host(self) -> str:
        """The public host name, for calendar UIDs."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def mail_domain(self) -> str:
        """The domain of the sender, for Message-IDs (RFC 5322, 3.6.4: a domain of one's own)."""
        return sender_address(self.sender).rpartition("@")[2]


def settings_from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `IKONE_…` from the environment and `.env` (the environment wins).

    Raises SettingsError naming every unknown, missing or malformed variable.
    """
    if environ is None:
        from_file = {key: value or "" for key, value in dotenv_values(".env").items()}
        environ = {**from_file, **os.environ}
    given = {k: v.strip() for k, v in environ.items() if k.startswith("IKONE_")}
    known = {f"IKONE_{name.upper()}": name for name in Settings.__dataclass_fields__}
    unread = _read_secret_files(given)
    faults = [*unread.values()] + [
        f"{k} is not a setting of Ikone Events." for k in sorted({*given} - {*known} - OUTSIDE)
    ]
    found: dict[str, Any] = {}
    for key, name in known.items():
        if text := given.get(key):
            try:
                found[name] = _CONVERTERS.get(name, str)(text)
            except ValueError as fault:
                faults.append(f"{key}: {fault}")
        elif name in ("secret_key", "base_url") and key not in unread:
            faults.append(f"{key} is missing.")
    if faults:
        raise SettingsError("\n".join(faults))
    return Settings(**found)


def _read_secret_files(given: dict[str, str]) -> dict[str, str]:
    """Replace each `X_FILE` of a secret by X with the file's content; returns the faults by X."""
    unread = {}
    for key in SECRETS:
        name = given.pop(f"{key}_FILE", "")
        if name and given.get(key):
            unread[key] = f"{key} and {key}_FILE are both set."
        elif name:
            try:
                given[key] = Path(name).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as fault:
                words = getattr(fault, "strerror", None) or "it is not text"
                unread[key] = f"{key}_FILE: {name} can't be read: {words}."
            else:
                if not given[key]:
                    unread[key] = f"{key}_FILE: {name} is empty."
    return unread


def _secret(text: str) -> str:
    advice = "make one with python3 -c 'import secrets; print(secrets.token_urlsafe(48))'."
    if len(text) < MIN_SECRET_LENGTH:
        raise ValueError(f"needs at least {MIN_SECRET_LENGTH} characters; {advice}")
    if is_guessable(text):
        raise ValueError(f"is too easy to guess; {advice}")
    return text


def _health_token(text: str) -> str:
    if len(text) < MIN_TOKEN_LENGTH or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"needs at least {MIN_TOKEN_LENGTH} ASCII characters without spaces.")
    return text


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must look like https://events.example.org.")
    try:
        odd_port = parts.port == 0
    except ValueError:
        odd_port = True
    if odd_port or "@" in parts.netloc or not HOST.fullmatch(parts.hostname):
        raise ValueError("needs a plain host name (foreign ones as xn--…) and at most a port.")
    if parts.path not in ("", "/"):
        raise ValueError("must not have a path; serve the application at the root of a host.")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    if urlsplit(text).scheme not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise ValueError("must begin with sqlite:/// or postgresql://.")
    return text


def _engine_url(text: str) -> str:
    if urlsplit(text).scheme not in ("postgresql", "redis", "rediss"):
        raise ValueError("must begin with postgresql:// or redis://, or be empty.")
    return text


def _smtp_url(text: str) -> str:
    SmtpSettings.from_url(text)
    return text


def _imap_url(text: str) -> str:
    ImapSettings.from_url(text)
    return text


def _authserv_id(text: str) -> str:
    if not HOST.fullmatch(text.lower()):
        raise ValueError("must be one name such as mx.example.org.")
    return text.lower()


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise ValueError(f"“{text}” is not a known time zone.") from fault
    return text


def _holidays(text: str) -> str:
    if not is_known_place(text):
        raise ValueError(f"“{text}” is not a country or state such as DE-RP.")
    return text


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise ValueError(f"“{text}” is not a whole number above zero.")
    return number


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"“{text}” is not a whole number.")
    return int(text)


def _pauses(text: str) -> tuple[int, ...]:
    return tuple(_positive(part.strip()) for part in text.split(","))


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError(f"“{text}” is neither on nor off.")
    return text == "on"


_CONVERTERS: dict[str, Callable[[str], object]] = {
    "secret_key": _secret,
    "base_url": _base_url,
    "data_dir": Path,
    "database_url": _database_url,
    "engine_url": _engine_url,
    "smtp_url": _smtp_url,
    "mail_from": sender_address,
    "imap_url": _imap_url,
    "authserv_id": _authserv_id,
    "mail_per_minute": _positive,
    "mail_per_connection": _positive,
    "mail_retry": _pauses,
    "quiet_minutes": _count,
    "timezone": _timezone,
    "holidays": _holidays,
    "tick_seconds": _positive,
    "lease_seconds": _positive,
    "trusted_proxies": _count,
    "rate_limits": _switch,
    "max_upload_mb": _positive,
    "upload_quota_mb": _count,
    "scan_command": lambda text: tuple(shlex.split(text)),
    "health_token": _health_token,
    "backup_days": _count,
    "accent": read_accent,
    "embed_origins": read_origins,
    "bbb_url": read_service_address,
    "jitsi_url": read_service_address,
    "outgoing_hosts": read_hosts,
}

OUTSIDE = frozenset({"IKONE_CHROMIUM"})  # read by the tests and the Makefile alone
