"""What a returned mail does: the mail has failed after all, and its address is marked."""

from datetime import datetime

from ikone_events.domain.incoming.answer_rules import same_person
from ikone_events.domain.incoming.mails import Bounce, IncomingOutcome
from ikone_events.services.incoming.matching import Subject
from ikone_events.services.mails import outbox, undeliverable_addresses
from ikone_events.services.mails.delivery_log import add_note


def judge(bounce: Bounce, subject: Subject) -> IncomingOutcome:
    """Whether the mail's own recipient can't be reached; whoever it was forwarded to is another.

    A bounce comes late as well, when the address has been put right and the mail written anew.
    """
    mail = subject.mail
    if mail is None:
        return IncomingOutcome.UNKNOWN
    if bounce.recipient and not same_person(bounce.recipient, mail.recipient):
        return IncomingOutcome.OTHER_ADDRESS
    return IncomingOutcome.TAKEN if bounce.permanent else IncomingOutcome.TEMPORARY


def act(bounce: Bounce, subject: Subject, outcome: IncomingOutcome, *, now: datetime) -> None:
    """Settle the mail and mark the address, or note that the mail is late."""
    mail = subject.mail
    if mail is None:
        return
    said = bounce.words if bounce.code in bounce.words else f"{bounce.code} {bounce.words}".strip()
    if outcome is IncomingOutcome.TEMPORARY:
        add_note(mail.id, "delayed", now=now, words=said)
    elif outcome is IncomingOutcome.TAKEN:
        outbox.mark_bounced(mail.id, now=now, answer=said)
        undeliverable_addresses.mark(mail.recipient, code=bounce.code, words=bounce.words, now=now)
