"""Handing mails to the mail server; the only module that uses Flask-Mail.

Flask-Mail opens connections without a timeout, starts TLS without checking the certificate, builds
messages itself and needs an app to send; all four are overridden here.
"""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass

from flask_mail import Connection, Mail

from ikone_events.domain.header_text import ascii_address
from ikone_events.domain.refusals import UnfitInput
from ikone_events.mail.sending.outcomes import (
    GOING_AWAY,
    Deferred,
    Delivered,
    DeliveryOutcome,
    Rejected,
    SmtpRefusal,
    about_us,
    expect,
    line_of,
    words_of,
)
from ikone_events.mail.sending.timeouts import TimedSMTP, TimedSMTPOverTLS, is_time_out
from ikone_events.mail.settings import SmtpSettings

# A server that loses so many mails in a row is considered down; a timeout counts twice.
_LOSSES = 3
_GOODBYE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _FinishedMail:
    """Bytes that are sent unchanged, and the envelope's addresses, which `ascii_address` checked.

    A message of Flask-Mail would ask the DNS for our own name, for a Message-ID that is not used.
    """

    content: bytes
    sender: str
    recipient: str


class _NoConnectionError(Exception):
    """The server can't be reached or refuses the login; the message is its answer."""


class MailConnection(Connection):
    """A connection that is opened for the first mail, and again after it was lost."""

    host: TimedSMTP | None

    def __init__(self, settings: SmtpSettings) -> None:
        mail = Mail()
        super().__init__(mail.init_mail({"MAIL_SUPPRESS_SEND": False}))  # type: ignore[arg-type]
        self._settings = settings
        self._losses = 0
        self.host, self.num_emails = None, 0

    def deliver(self, content: bytes, sender: str, recipient: str) -> DeliveryOutcome:
        """Hand one mail to the server; faults of the server are outcomes, never exceptions.

        Takes at most the settings' `mail_seconds`.
        """
        try:
            envelope = ascii_address(recipient)
        except UnfitInput as refusal:
            return Rejected(str(refusal))
        try:
            message = _FinishedMail(content, ascii_address(sender), envelope)
        except UnfitInput as refusal:
            return about_us(f"sender: {refusal}")
        if self.num_emails >= self._settings.mails_per_connection:
            self.close()
        try:
            return self._hand_over(message)
        except _NoConnectionError as failure:
            return about_us(str(failure))

    def close(self) -> None:
        """Close the connection; errors are ignored, since all mails have been accepted."""
        if self.host is not None:
            self.host.allow(_GOODBYE_SECONDS)
            with suppress(OSError, smtplib.SMTPException):
                self.host.quit()
        self._drop()

    def configure_host(self) -> TimedSMTP:
        """Connect, with timeouts and checked certificates."""
        settings = self._settings
        kind = TimedSMTPOverTLS if settings.tls == "implicit" else TimedSMTP
        host = kind(settings.host, settings.port, settings.timeout, settings.mail_seconds)
        try:
            if settings.tls == "starttls":
                host.starttls(context=ssl.create_default_context())
            if settings.username:
                host.login(settings.username, settings.password)
            host.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException, ValueError):
            host.close()
            raise
        return host

    def _hand_over(self, message: _FinishedMail) -> DeliveryOutcome:
        try:
            self._announce(message)
            words = self._send(message)
        except SmtpRefusal as refusal:
            self._losses = 0
            self._reset(refusal)
            return refusal.outcome
        except (OSError, smtplib.SMTPException) as error:
            return self._after_loss(error)
        self.num_emails += 1
        self._losses = 0
        return Delivered(words)

    def _announce(self, message: _FinishedMail) -> None:
        """Send MAIL and RCPT. If the server has closed an idle connection, connect again once.

        No content has been sent yet, so the mail can't be sent twice.
        """
        aged = self.host is not None
        try:
            self._envelope(message)
        except (OSError, smtplib.SMTPException, SmtpRefusal) as fault:
            if not aged or (isinstance(fault, SmtpRefusal) and fault.code != GOING_AWAY):
                raise
            self._drop()
            self._envelope(message)

    def _envelope(self, message: _FinishedMail) -> None:
        host = self._opened()
        host.allow(self._settings.mail_seconds)
        size = f" SIZE={len(message.content)}" if host.has_extn("size") else ""
        expect(2, *host.docmd("MAIL", f"FROM:<{message.sender}>{size}"), of_sender=True)
        expect(2, *host.docmd("RCPT", f"TO:<{message.recipient}>"))

    def _send(self, message: _FinishedMail) -> str:
        host = self._opened()
        try:
            with host.patience():
                code, words = host.data(message.content)
        except smtplib.SMTPDataError as error:
            raise SmtpRefusal(error.smtp_code, error.smtp_error) from error
        expect(2, code, words)
        return line_of(code, words)

    def _opened(self) -> TimedSMTP:
        if self.host is None:
            self.num_emails = 0
            try:
                self.host = self.configure_host()
            # ValueError: a host name or password that can't be encoded
            except (OSError, smtplib.SMTPException, ValueError) as error:
                raise _NoConnectionError(words_of(error)) from error
        return self.host

    def _after_loss(self, error: Exception) -> Deferred:
        """The outcome is unknown; a single loss does not stop other mails."""
        self._drop()
        self._losses += 2 if is_time_out(error) else 1
        return Deferred(words_of(error), server_down=self._losses >= _LOSSES)

    def _reset(self, refusal: SmtpRefusal) -> None:
        """Prepare for the next mail after a refusal; after 421 the server has hung up."""
        try:
            if self.host is not None and refusal.code != GOING_AWAY:
                self.host.rset()
                return
        except (OSError, smtplib.SMTPException):
            pass
        self._drop()

    def _drop(self) -> None:
        if self.host is not None:
            self.host.close()
        self.host, self.num_emails = None, 0
