"""Automatic replies to our mails (RFC 3834)."""

from ikone_events.domain.incoming.mails import Absence, Envelope
from ikone_events.mail.receiving.headers import Mail, text
from ikone_events.mail.receiving.parts import plain_text, words


def absence_of(mail: Mail, envelope: Envelope) -> Absence | None:
    """Somebody's program answers one of the mails it names; without such names it is not for us."""
    if not envelope.automatic or not envelope.references or _is_report(mail):
        return None
    told = (text(mail, "subject"), plain_text(mail))
    return Absence(envelope=envelope, words=words("\n".join(filter(None, told))))


def _is_report(mail: Mail) -> bool:
    """Receipts and success reports are automatic too, and tell nothing about the person."""
    return mail.get_content_type() == "multipart/report"
