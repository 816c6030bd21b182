"""Handing finished bytes to the mail server: the only user of Flask-Mail.

Flask-Mail opens connections without a time limit, starts TLS without looking at the certificate,
builds messages itself and needs an app to send; each is overridden here. The outcome goes by the
first digit of the server's answer: 4 tries again, 5 is final. What the server says about ourselves
(greeting, TLS, password) or does not say at all never rejects a letter.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from flask_mail import Connection, Mail, Message

from ikone_events.domain.header_text import ascii_address, one_line
from ikone_events.domain.refusals import UnfitInput

TLS_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
LONGEST_WORDS = 500
_READY_FOR_MORE = 300
_GOING_AWAY = 421
_REFUSED_FOR_GOOD = 500
# RFC 4954: the server wants a (better) login; that is about us, not about the letter.
_LOGIN_WANTED = {530, 534, 535, 538}


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server took the letter; its words often hold its queue number."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Try again later; `server_down` says that no other letter would fare better now."""

    words: str
    server_down: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server refuses this letter for good."""

    words: str


Outcome = Delivered | Deferred | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Where the mail server is and how it wants to be spoken to."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"
    timeout: float = 30.0
    letters_per_connection: int = 100

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


class _FinishedMessage(Message):
    """A message whose bytes are made already and go out untouched."""

    def __init__(self, content: bytes, *, sender: str, recipient: str) -> None:
        super().__init__(sender=sender, recipients=[recipient])
        self._content = content

    def as_bytes(self) -> bytes:
        return self._content


class _Refusal(Exception):
    """What the server answered instead of going on."""

    def __init__(self, code: int, words: bytes | str) -> None:
        super().__init__(code)
        self.outcome = _by_first_digit(code, words)


class MailConnection(Connection):
    """A connection that opens when the first letter comes and again after it was lost."""

    def __init__(self, settings: SmtpSettings) -> None:
        mail = Mail()
        super().__init__(mail.init_mail({"MAIL_SUPPRESS_SEND": False}))  # type: ignore[arg-type]
        self._settings = settings

    def configure_host(self) -> smtplib.SMTP:
        """Connect, with a time limit and with certificates looked at."""
        settings = self._settings
        where = (settings.host, settings.port)
        host: smtplib.SMTP
        if settings.tls == "implicit":
            context = ssl.create_default_context()
            host = smtplib.SMTP_SSL(*where, timeout=settings.timeout, context=context)
        else:
            host = smtplib.SMTP(*where, timeout=settings.timeout)
        try:
            if settings.tls == "starttls":
                host.starttls(context=ssl.create_default_context())
            if settings.username:
                host.login(settings.username, settings.password)
        except (OSError, smtplib.SMTPException):
            host.close()
            raise
        return host

    def deliver(self, content: bytes, sender: str, recipient: str) -> Outcome:
        """Hand one letter to the server and say what became of it; never raises for the server."""
        try:
            envelope = ascii_address(recipient)
        except UnfitInput as refusal:
            return Rejected(str(refusal))
        try:
            message = _FinishedMessage(content, sender=ascii_address(sender), recipient=envelope)
        except UnfitInput as refusal:
            return Deferred(f"sender: {refusal}", server_down=True)
        try:
            if not self._is_open():
                self.host = self.configure_host()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Deferred(_words_of(error), server_down=True)
        return self._hand_over(message)

    def close(self) -> None:
        """Say goodbye; the letters are safe, so whatever happens now does not matter."""
        if self.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.host.quit()
        self._drop()

    def _is_open(self) -> bool:
        """Servers hang up on idle clients: ask before an old connection is trusted."""
        if self.host is None:
            return False
        if self.num_emails >= self._settings.letters_per_connection:
            self.close()
            return False
        try:
            alive = self.host.noop()[0] < _READY_FOR_MORE
        except (OSError, smtplib.SMTPException):
            alive = False
        if not alive:
            self._drop()
        return alive

    def _hand_over(self, message: _FinishedMessage) -> Outcome:
        try:
            words = self._transact(message)
        except _Refusal as refusal:
            self._reset()
            return refusal.outcome
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Deferred(_words_of(error))
        self.num_emails += 1
        return Delivered(words)

    def _transact(self, message: _FinishedMessage) -> str:
        """MAIL, RCPT, DATA; a stage that is not answered as hoped ends it with _Refusal."""
        host = self.host
        if host is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        host.ehlo_or_helo_if_needed()
        content = message.as_bytes()
        size = [f"size={len(content)}"] if host.has_extn("size") else []
        _expect(2, *host.mail(str(message.sender), size))
        _expect(2, *host.rcpt(str(message.recipients[0])))
        try:
            code, words = host.data(content)
        except smtplib.SMTPDataError as error:
            raise _Refusal(error.smtp_code, error.smtp_error) from error
        _expect(2, code, words)
        return _line(code, words)

    def _reset(self) -> None:
        """Ready for the next letter after a refusal; a server that said 421 is gone."""
        try:
            if self.host is not None:
                self.host.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        if self.host is not None:
            self.host.close()
        self.host, self.num_emails = None, 0


@contextmanager
def open_connection(settings: SmtpSettings) -> Iterator[MailConnection]:
    """A connection for any number of letters; a server that is down shows at the first one."""
    connection = MailConnection(settings)
    try:
        yield connection
    finally:
        connection.close()


def _expect(digit: int, code: int, words: bytes | str) -> None:
    if code // 100 != digit:
        raise _Refusal(code, words)


def _by_first_digit(code: int, words: bytes | str) -> Outcome:
    line = _line(code, words)
    if code in _LOGIN_WANTED:
        return Deferred(line, server_down=True)
    if code >= _REFUSED_FOR_GOOD:
        return Rejected(line)
    return Deferred(line, server_down=code == _GOING_AWAY)


def _line(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(f"{code} {text}")[:LONGEST_WORDS]


def _words_of(error: Exception) -> str:
    """The server's words when it said some, else what the system says about the connection."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(error.smtp_code, error.smtp_error)
    return one_line(f"{type(error).__name__}: {error}")[:LONGEST_WORDS]
