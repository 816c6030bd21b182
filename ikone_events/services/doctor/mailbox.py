"""The mailbox as the doctor sees it: it is opened, and nothing in it is read or moved."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ikone_events.config import Settings
from ikone_events.mail.imap import MailboxFaultError, open_mailbox
from ikone_events.mail.imap_settings import ImapSettings
from ikone_events.services.doctor.findings import Finding, fault, ok, warning
from ikone_events.services.office import office

_PATIENCE = 10.0
_HERE = ("localhost", "127.0.0.1", "::1")


def mailbox(_now: datetime) -> Iterator[Finding]:
    """Connect, sign in, open the folder; and whether answers come to this mailbox at all."""
    settings = office().settings
    if settings.imap is None:
        words = "IKONE_IMAP_URL is empty: answers of calendars and bounces are not read"
        yield warning("mailbox", words)
        return
    yield _opened(settings.imap)
    if settings.imap.tls == "none" and settings.imap.host not in _HERE:
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
    """Calendars answer to the sender of the letters; a login that is another address is a hint."""
    login = imap.username.lower()
    if "@" in login and login != settings.sender.lower():
        words = (
            f"letters come from {settings.sender}, but {login} is read: do answers arrive there?"
        )
        yield warning("mailbox", words)
