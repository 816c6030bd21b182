"""The mail server as the doctor sees it: it is spoken to, and no letter is sent."""

import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ikone_events.mail.deliver import MailConnection
from ikone_events.services.doctor.findings import Finding, fault, ok, warning
from ikone_events.services.office import office

_PATIENCE = 10.0
_REFUSED = 400
_HERE = ("localhost", "127.0.0.1", "::1")


def mail_server(_now: datetime) -> Iterator[Finding]:
    """Connect, TLS, login, and whether our address may send; in the server's words."""
    settings = office().settings
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
            "mail server", f"{where} does not take letters from {settings.sender}: {answer}"
        )
        return
    yield ok("mail server", f"{where} takes letters from {settings.sender}")
    if smtp.tls == "none" and smtp.host not in _HERE:
        yield warning("mail server", "without TLS letters and password travel in the clear")


def sender(_now: datetime) -> Iterator[Finding]:
    """What letters and pages must say of us."""
    settings = office().settings
    if not settings.privacy_contact:
        words = "IKONE_PRIVACY_CONTACT is empty: no event can be announced"
        yield warning("settings", words)
    if not settings.address:
        yield warning("settings", "IKONE_ADDRESS is empty: the imprint has no address")
    if not settings.mail_from:
        yield warning("settings", f"IKONE_MAIL_FROM is empty: letters come from {settings.sender}")


def _words_of(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {words}"
    return f"{type(error).__name__}: {error}"
