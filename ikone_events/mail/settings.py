"""Settings of the mail server (SMTP) and the mailbox (IMAP), each read from one URL; the sender."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from ikone_events.domain.header_text import ascii_address
from ikone_events.domain.refusals import UnfitInput

_SMTP_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_IMAP_PORTS = {"implicit": 993, "starttls": 143, "none": 143}
_SMTP_FORM = "must look like smtp://user:password@host:587?tls=starttls"
_IMAP_FORM = "must look like imaps://user:password@host:993/INBOX"
_PROCESSED, _FAILED = "Ikone/processed", "Ikone/failed"
_MOST_NAME = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """The mail server.

    `timeout` limits the connection and each answer, `mail_seconds` everything for one mail: the
    lease of a mail must be longer.
    """

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"
    timeout: float = 30.0
    mail_seconds: float = 90.0
    mails_per_connection: int = 100

    @classmethod
    def from_url(cls, url: str) -> "SmtpSettings":
        """Read smtp://user:password@host:587?tls=starttls|none|implicit; raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme != "smtp" or not parts.hostname:
            raise ValueError(_SMTP_FORM)
        if parts.path not in ("", "/") or parts.fragment:
            raise ValueError("has something after host and port; only ?tls=… may follow")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        tls = options.pop("tls", "starttls")
        if options:
            raise ValueError(f"has an unknown option {min(options)!r}; only tls is known")
        if tls not in _SMTP_PORTS:
            raise ValueError("has an unknown tls; it must be starttls, none or implicit")
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(username) != bool(password):
            raise ValueError("has a user without a password, or a password without a user")
        port = _port(parts, _SMTP_PORTS[tls])
        return cls(host=parts.hostname, port=port, username=username, password=password, tls=tls)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """The mailbox, and the folders for mails that were processed or failed.

    Folders are written with `/`, whatever separator the server uses. `timeout` limits each answer,
    `look_seconds` one reading of the mailbox: its lease must be longer.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: str = "implicit"
    folder: str = "INBOX"
    processed: str = _PROCESSED
    failed: str = _FAILED
    timeout: float = 30.0
    look_seconds: float = 240.0

    @property
    def name(self) -> str:
        """The mailbox in rows and messages, without secrets."""
        return f"{self.username} at {self.host}/{self.folder}"[:_MOST_NAME]

    @classmethod
    def from_url(cls, url: str) -> "ImapSettings":
        """Read imaps://user:password@host:993/FOLDER, or imap://…?tls=starttls|none.

        Raises ValueError.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("imap", "imaps") or not parts.hostname or parts.fragment:
            raise ValueError(_IMAP_FORM)
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not username or not password:
            raise ValueError(f"has no user or no password; it {_IMAP_FORM}")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        tls = _imap_tls(parts.scheme, options)
        folder, processed, failed = _folders(parts.path, options)
        if options:
            raise ValueError(
                f"has an unknown option {min(options)!r}; known are tls, processed and failed"
            )
        return cls(
            host=parts.hostname,
            port=_port(parts, _IMAP_PORTS[tls]),
            username=username,
            password=password,
            tls=tls,
            folder=folder,
            processed=processed,
            failed=failed,
        )


def sender_address(text: str) -> str:
    """The address of the sender, with its domain in ASCII; raises ValueError."""
    try:
        return ascii_address(text)
    except UnfitInput as refusal:
        raise ValueError("must be one bare address such as events@example.org.") from refusal


def _imap_tls(scheme: str, options: dict[str, str]) -> str:
    if scheme == "imaps":
        if "tls" in options:
            raise ValueError("needs no tls=…: imaps is always encrypted")
        return "implicit"
    tls = options.pop("tls", "starttls")
    if tls not in ("starttls", "none"):
        raise ValueError("has an unknown tls; with imap:// it must be starttls or none")
    return tls


def _folders(path: str, options: dict[str, str]) -> tuple[str, str, str]:
    """The folder that is read, and those for processed and failed mails."""
    folder = unquote(path).strip("/") or "INBOX"
    processed = options.pop("processed", _PROCESSED).strip("/")
    failed = options.pop("failed", _FAILED).strip("/")
    for name in (folder, processed, failed):
        if not name or any(ord(c) < ord(" ") for c in name):
            raise ValueError("has a folder without a name, or with control characters in it")
    if folder.upper() in (processed.upper(), failed.upper()):
        raise ValueError("moves mails into the folder that is read")
    return folder, processed, failed


def _port(parts: SplitResult, default: int) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("has a port that is no number from 1 to 65535")
    return default if port is None else port
