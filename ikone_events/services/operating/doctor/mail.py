"""The mail server and the mailbox: both are spoken to; no mail is sent, none is read or moved."""

import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ikone_events.config import Settings
from ikone_events.mail.receiving.imap import MailboxFaultError, open_mailbox
from ikone_events.mail.receiving.imap_settings import ImapSettings
from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.services.installation import get_installation
from ikone_events.services.operating.doctor.findings import HERE, Finding, fault, ok, warning

_PATIENCE = 10.0
_REFUSED = 400


def mail_server(_now: datetime) -> Iterator[Finding]:
    """Connect, TLS, login, and whether our address may send; in the server's words."""
    settings = get_installation().settings
    smtp = replace(settings.smtp, timeout=_PATIENCE)
    where = f"{smtp.host}:{smtp.port} ({smtp.tls})"
    try:
        host = MailConnection(smtp).configure_host()
    except (OSError, smtplib.SMTPException) as error:
        yield fault("mail server", f"{where}: {_words_of(error)}")
        return
    try:
        code, said = host.mail(settings.sender)
        host.quit()
    except (OSError, smtplib.SMTPException) as error:
        yield fault("mail server", f"{where}: {_words_of(error)}")
        return
    answer = f"{code} {said.decode('utf-8', 'replace')}"
    if code >= _REFUSED:
        yield fault(
            "mail server", f"{where} does not take e-mails from {settings.sender}: {answer}"
        )
        return
    yield ok("mail server", f"{where} takes e-mails from {settings.sender}")
    if smtp.tls == "none" and smtp.host not in HERE:
        yield warning("mail server", "without TLS e-mails and password travel in the clear")


def sender(_now: datetime) -> Iterator[Finding]:
    """What mails and pages must say of us."""
    settings = get_installation().settings
    if not settings.privacy_contact:
        words = "IKONE_PRIVACY_CONTACT is empty: no event can be announced"
        yield warning("settings", words)
    if not settings.address:
        yield warning("settings", "IKONE_ADDRESS is empty: the imprint has no address")
    if not settings.mail_from:
        yield warning("settings", f"IKONE_MAIL_FROM is empty: e-mails come from {settings.sender}")


def _words_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {words}"
    return f"{type(error).__name__}: {error}"


def mailbox(_now: datetime) -> Iterator[Finding]:
    """Connect, sign in, open the folder; and whether answers come to this mailbox at all."""
    settings = get_installation().settings
    if settings.imap is None:
        words = "IKONE_IMAP_URL is empty: answers of calendars and bounces are not read"
        yield warning("mailbox", words)
        return
    yield _opened(settings.imap)
    if settings.imap.tls == "none" and settings.imap.host not in HERE:
        yield warning("mailbox", "without TLS mails and password travel in the clear")
    yield from _addressed(settings, settings.imap)
    if not settings.authserv_id:
        words = "IKONE_AUTHSERV_ID is empty: no answer counts as authenticated, none frees a seat"
        yield warning("mailbox", words)


def _opened(imap: ImapSettings) -> Finding:
    short = replace(imap, timeout=_PATIENCE, look_seconds=_PATIENCE)
    try:
        with open_mailbox(short) as found:
            if not found.uidvalidity:
                return fault("mailbox", f"{imap.name}: the server gives mails no lasting numbers")
    except MailboxFaultError as error:
        return fault("mailbox", f"{imap.name}: {error}")
    return ok("mailbox", f"{imap.name} can be read")


def _addressed(settings: Settings, imap: ImapSettings) -> Iterator[Finding]:
    """Calendars answer to the sender of the mails; a login that is another address is a hint."""
    login = imap.username.lower()
    if "@" in login and login != settings.sender.lower():
        words = (
            f"e-mails come from {settings.sender}, but {login} is read: do answers arrive there?"
        )
        yield warning("mailbox", words)
