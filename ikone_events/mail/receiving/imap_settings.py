"""Where the mailbox is that answers and bounces come to: one address in the environment."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_PORTS = {"implicit": 993, "starttls": 143, "none": 143}
_FORM = "must look like imaps://user:password@host:993/INBOX"
_PROCESSED, _FAILED = "Ikone/processed", "Ikone/failed"
_MOST_NAME = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """Where the mailbox is, how it wants to be spoken to, and where mails go that were read.

    Folders are written with `/`, whatever the server puts between them. `timeout` bounds each
    answer, `look_seconds` everything that one look may take: its lease must be longer.
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
        """What tells this mailbox from others, in rows and in words; no secret in it."""
        return f"{self.username} at {self.host}/{self.folder}"[:_MOST_NAME]

    @classmethod
    def from_url(cls, url: str) -> "ImapSettings":
        """Read imaps://user:password@host:993/FOLDER, or imap://…?tls=starttls|none."""
        parts = urlsplit(url)
        if parts.scheme not in ("imap", "imaps") or not parts.hostname or parts.fragment:
            raise ValueError(_FORM)
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not username or not password:
            raise ValueError(f"has no user or no password; it {_FORM}")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        tls = _tls(parts.scheme, options)
        folder, processed, failed = _folders(parts.path, options)
        if options:
            raise ValueError(
                f"has an unknown option {min(options)!r}; known are tls, processed and failed"
            )
        return cls(
            host=parts.hostname,
            port=_port(parts, tls),
            username=username,
            password=password,
            tls=tls,
            folder=folder,
            processed=processed,
            failed=failed,
        )


def _tls(scheme: str, options: dict[str, str]) -> str:
    if scheme == "imaps":
        if "tls" in options:
            raise ValueError("needs no tls=…: imaps is always encrypted")
        return "implicit"
    tls = options.pop("tls", "starttls")
    if tls not in ("starttls", "none"):
        raise ValueError("has an unknown tls; with imap:// it must be starttls or none")
    return tls


def _folders(path: str, options: dict[str, str]) -> tuple[str, str, str]:
    """What is read, where mails go that were read, where those go that could not be."""
    folder = unquote(path).strip("/") or "INBOX"
    processed = options.pop("processed", _PROCESSED).strip("/")
    failed = options.pop("failed", _FAILED).strip("/")
    for name in (folder, processed, failed):
        if not name or any(ord(c) < ord(" ") for c in name):
            raise ValueError("has a folder without a name, or with control characters in it")
    if folder.upper() in (processed.upper(), failed.upper()):
        raise ValueError("moves mails into the folder that is read")
    return folder, processed, failed


def _port(parts: SplitResult, tls: str) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("has a port that is no number from 1 to 65535")
    return _PORTS[tls] if port is None else port
