"""What every mail brings: its sender, its references, and what tells it from all others."""

from datetime import datetime
from hashlib import sha256

from ikone_events.domain.incoming.mails import Envelope
from ikone_events.mail.receiving.authentication import is_vouched_for
from ikone_events.mail.receiving.headers import Mail, message_ids, references, sender, value, values

# What the sender wrote. All other headers may be added, removed or rewritten on the way: a mail
# that is delivered again, or moved to another provider, comes with other ones.
_KEPT = ("from", "date", "message-id", "subject", "in-reply-to", "content-type")
_MARKS = ("x-autoreply", "x-autorespond", "x-autoresponder")


def envelope_of(mail: Mail, raw: bytes, *, received_at: datetime, authserv_id: str) -> Envelope:
    """The envelope of a mail that was taken apart."""
    address, alone = sender(mail)
    return Envelope(
        digest=_digest(mail, raw),
        message_id=next(iter(message_ids(mail, "message-id")), ""),
        sender=address,
        received_at=received_at,
        references=references(mail),
        authenticated=alone
        and is_vouched_for(mail, domain=address.rpartition("@")[2], authserv_id=authserv_id),
        automatic=_is_automatic(mail),
    )


def bare_envelope(raw: bytes, *, received_at: datetime) -> Envelope:
    """The envelope of a mail that can't be taken apart."""
    return Envelope(
        digest=sha256(raw).hexdigest(), message_id="", sender="", received_at=received_at
    )


def _digest(mail: Mail, raw: bytes) -> str:
    """SHA-256 over the sender's own headers and the body, whatever the line ends are."""
    _, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    found = sha256()
    for name in _KEPT:
        for line in values(mail, name):
            found.update(f"{name}: {' '.join(line.split())}\n".encode("utf-8", "replace"))
    found.update(b"\n" + body.rstrip())
    return found.hexdigest()


def answers_by_itself(mail: Mail) -> bool:
    """Whether no person had a hand in this answer.

    Google marks what it sends after a press as auto-generated; a calendar that accepts or declines
    while its owner is away says auto-replied.
    """
    generated = value(mail, "auto-submitted").lower().startswith("auto-generated")
    return _is_automatic(mail) and not generated


def _is_automatic(mail: Mail) -> bool:
    """RFC 3834, and what was customary before it.

    X-Auto-Response-Suppress is none of these marks: it asks others for silence, and Exchange puts
    it on mails of people too. Nor is Precedence: bulk, which lists bear.
    """
    submitted = value(mail, "auto-submitted").partition(";")[0].strip().lower()
    if submitted:
        return submitted != "no"
    if any(values(mail, name) for name in _MARKS):
        return True
    return value(mail, "precedence").lower() == "auto_reply"
