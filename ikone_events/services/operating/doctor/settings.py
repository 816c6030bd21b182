"""Folders, address, time, mail server, mailbox, video rooms and the settings in the browser."""

import shutil
import smtplib
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from ikone_events.config import Settings
from ikone_events.domain.identity import MOST_CHARACTERS
from ikone_events.domain.rooms.provider_settings import ADDRESS, PROVIDER_FIELDS, name_in_settings
from ikone_events.domain.rooms.providers import PROVIDER_LABELS
from ikone_events.domain.times import clock, to_local
from ikone_events.mail.receiving.imap import MailboxFaultError, open_mailbox
from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.mail.settings import ImapSettings
from ikone_events.services.documents.pdf import can_make_pdfs
from ikone_events.services.followup.files import get_space
from ikone_events.services.installation import get_identity, get_installation
from ikone_events.services.operating.doctor.findings import HERE, Finding, fault, ok, warning
from ikone_events.services.plan.plans import is_holiday
from ikone_events.services.rooms.provider_settings import provider_settings, variables_of
from ikone_events.services.rooms.registry import setting_faults
from ikone_events.store.operating.identity import stored_identity

_TIMEOUT_SECONDS = 10.0
_REFUSED = 400
_MEGABYTE = 1 << 20
_FULL, _NEARLY_FULL = 100 * _MEGABYTE, 1024 * _MEGABYTE


def disk(_now: datetime) -> Iterator[Finding]:
    """Whether there is disk space for database and slides."""
    data = get_installation().settings.data_dir
    free = shutil.disk_usage(data).free
    words = f"{free // _MEGABYTE} MB are free in {data}"
    if free < _FULL:
        yield fault("disk", words)
    else:
        yield warning("disk", words) if free < _NEARLY_FULL else ok("disk", words)


def files(_now: datetime) -> Iterator[Finding]:
    """Whether files can be stored."""
    installation = get_installation()
    for folder in (installation.settings.data_dir, installation.uploads_dir):
        if not folder.exists():
            continue  # made with the first slides
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            yield fault("files", f"{folder} can't be written to: {error.strerror}")
        else:
            yield ok("files", f"{folder} can be written to")


def scanner(_now: datetime) -> Iterator[Finding]:
    """Whether the command that checks uploaded files is there."""
    command = get_installation().settings.scan_command
    if not command:
        return
    if shutil.which(command[0]) is None:
        words = f"IKONE_SCAN_COMMAND: {command[0]} is missing; uploaded files are held back"
        yield fault("files", words)
    else:
        yield ok("files", f"{command[0]} checks uploaded files")


def quota(_now: datetime) -> Iterator[Finding]:
    """How much of the quota of uploaded files is used."""
    space = get_space()
    if space.quota:
        words = f"{space.used // _MEGABYTE} of {space.quota // _MEGABYTE} MB for uploads are used"
        yield warning("files", words) if space.is_nearly_used else ok("files", words)


def secrecy(_now: datetime) -> Iterator[Finding]:
    """Whether other users of this machine can read secrets and personal data."""
    data = get_installation().settings.data_dir
    for path, others in ((Path(".env").resolve(), 0o077), ((data / "ikone.db").resolve(), 0o007)):
        if path.is_file() and _lets_in(path, others) and _lets_in(path.parent, others & 0o011):
            yield warning("files", f"others can read {path}; chmod 600 keeps them out")


def _lets_in(path: Path, others: int) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & others)


def base_address(_now: datetime) -> Iterator[Finding]:
    """Whether links lead here, encrypted, and visitors can be distinguished."""
    settings = get_installation().settings
    local = settings.host in HERE
    if not settings.https and not local:
        yield fault("address", f"{settings.base_url} is not https: passwords travel in the clear")
    elif local:
        yield warning("address", f"{settings.base_url} leads nowhere from other machines")
    else:
        yield ok("address", settings.base_url)
    if settings.https and not settings.trusted_proxies:
        words = "IKONE_TRUSTED_PROXIES is 0: behind a proxy all visitors count as one"
        yield warning("address", words)
    if not settings.rate_limits:
        yield warning("address", "IKONE_RATE_LIMITS is off: passwords can be guessed at any speed")


def times(now: datetime) -> Iterator[Finding]:
    """The local time and the known public holidays."""
    settings = get_installation().settings
    local = to_local(now, settings.timezone)
    yield ok("time", f"it is {clock(now, zone=settings.timezone)} in {settings.timezone}")
    coming = (local.date() + timedelta(days=n) for n in range(366))
    day = next((day for day in coming if is_holiday(day)), None)
    if day is None:
        yield warning("time", f"no public holiday of {settings.holidays} within a year is known")
    else:
        yield ok("time", f"the next public holiday of {settings.holidays} is {day}")


def mail_server(_now: datetime) -> Iterator[Finding]:
    """Connection, TLS, login, and whether our address may send."""
    settings = get_installation().settings
    smtp = replace(settings.smtp, timeout=_TIMEOUT_SECONDS)
    where = f"{smtp.host}:{smtp.port} ({smtp.tls})"
    try:
        host = MailConnection(smtp).configure_host()
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
    """The sender of mails."""
    settings = get_installation().settings
    if not settings.mail_from:
        yield warning("settings", f"IKONE_MAIL_FROM is empty: e-mails come from {settings.sender}")


def pdfs(_now: datetime) -> Iterator[Finding]:
    """Whether tickets and name badges can be PDFs."""
    if can_make_pdfs():
        yield ok("pdf", "tickets and name badges are made as PDFs")
    else:
        words = "typst is missing (extra [pdf]): tickets and name badges are pages to print"
        yield warning("pdf", words)


def _words_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {words}"
    return f"{type(error).__name__}: {error}"


def mailbox(_now: datetime) -> Iterator[Finding]:
    """Connection, login, the folder, and whether answers arrive in this mailbox."""
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
    short = replace(imap, timeout=_TIMEOUT_SECONDS, look_seconds=_TIMEOUT_SECONDS)
    try:
        with open_mailbox(short) as found:
            if not found.uidvalidity:
                return fault("mailbox", f"{imap.name}: the server gives mails no durable UIDs")
    except MailboxFaultError as error:
        return fault("mailbox", f"{imap.name}: {error}")
    return ok("mailbox", f"{imap.name} can be read")


def _addressed(settings: Settings, imap: ImapSettings) -> Iterator[Finding]:
    """Answers go to the sender of the mails: warn if the login is another address."""
    login = imap.username.lower()
    if "@" in login and login != settings.sender.lower():
        words = (
            f"e-mails come from {settings.sender}, but {login} is read: do answers arrive there?"
        )
        yield warning("mailbox", words)


def rooms(_now: datetime) -> Iterator[Finding]:
    """Whether the settings of each provider are whole, and secrets can be read."""
    settings = provider_settings()
    begun = [kind for kind in PROVIDER_FIELDS if settings.is_begun(kind)]
    if not begun:
        yield ok("rooms", "no provider is set up: rooms are links")
    for kind in begun:
        label = PROVIDER_LABELS[kind]
        faults = list(setting_faults(kind, settings))
        for complaint in faults:
            yield fault("rooms", f"{label}: {complaint}")
        if not faults:
            variables = [f"IKONE_{name_in_settings(kind, n)}".upper() for n in variables_of(kind)]
            source = f"from {', '.join(variables)}" if variables else "entered in the browser"
            yield ok("rooms", f"{label}: {settings.value(kind, ADDRESS)} ({source})")


# What lacks without these; the others have a default.
_NEEDED = {
    "privacy_contact": "no event can be announced",
    "address": "the imprint has no address",
}


def identity(_now: datetime) -> Iterator[Finding]:
    """Each value with its source: a variable, the settings in the browser, or the default."""
    variables, stored, in_effect = get_installation().variables, stored_identity(), get_identity()
    for name in MOST_CHARACTERS:
        variable, entered = f"IKONE_{name.upper()}", getattr(stored, name)
        value = getattr(in_effect, name)
        if variables[name]:
            ignored = "; what was entered in the browser is ignored" if entered else ""
            yield ok("settings", f"{name}: {value} (from {variable}{ignored})")
        elif entered and value == entered:
            yield ok("settings", f"{name}: {value} (entered in the browser)")
        elif entered:
            yield warning("settings", f"{name}: {entered} is no colour, the standard one is used")
        elif name in _NEEDED:
            words = f"{name} is neither entered in the browser nor set by {variable}"
            yield warning("settings", f"{words}: {_NEEDED[name]}")
        else:
            yield ok("settings", f"{name}: {value or 'the standard one'} (default)")
    source = "uploaded in the browser" if in_effect.logo else "none"
    yield ok("settings", f"logo: {source}")
