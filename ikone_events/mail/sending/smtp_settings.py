"""Where the mail server is: one address in the environment, taken apart and checked."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

TLS_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Where the mail server is and how it wants to be spoken to.

    `timeout` bounds each answer and the connecting, `mail_seconds` everything that one mail
    may take: the lease of a mail must be longer.
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
        """Read smtp://user:password@host:587?tls=starttls|none|implicit, or say what is wrong."""
        parts = urlsplit(url)
        if parts.scheme != "smtp" or not parts.hostname:
            raise ValueError("must look like smtp://user:password@host:587?tls=starttls")
        if parts.path not in ("", "/") or parts.fragment:
            raise ValueError("has something after host and port; only ?tls=… may follow")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        tls = options.pop("tls", "starttls")
        if options:
            raise ValueError(f"has an unknown option {min(options)!r}; only tls is known")
        if tls not in TLS_PORTS:
            raise ValueError("has an unknown tls; it must be starttls, none or implicit")
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(username) != bool(password):
            raise ValueError("has a user without a password, or a password without a user")
        return cls(
            host=parts.hostname,
            port=_port(parts, tls),
            username=username,
            password=password,
            tls=tls,
        )


def _port(parts: SplitResult, tls: str) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("has a port that is no number from 1 to 65535")
    return TLS_PORTS[tls] if port is None else port
