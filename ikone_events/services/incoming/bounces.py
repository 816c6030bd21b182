"""What a returned letter does: the letter has failed after all, and its address is marked."""

from datetime import datetime

from ikone_events.domain.incoming.answer_rules import same_person
from ikone_events.domain.incoming.mails import Bounce, Outcome
from ikone_events.services.incoming.matching import Subject
from ikone_events.services.mails import outbox, undeliverable_addresses
from ikone_events.services.mails.delivery_log import add_note


def judge(bounce: Bounce, subject: Subject) -> Outcome:
    """Whether the letter's own recipient can't be reached; whoever it was forwarded to is another.

    A bounce comes late as well, when the address has been put right and the letter written anew.
    """
    letter = subject.letter
    if letter is None:
        return Outcome.UNKNOWN
    if bounce.recipient and not same_person(bounce.recipient, letter.recipient):
        return Outcome.OTHER_ADDRESS
    return Outcome.TAKEN if bounce.permanent else Outcome.TEMPORARY


def act(bounce: Bounce, subject: Subject, outcome: Outcome, *, now: datetime) -> None:
    """Settle the letter and mark the address, or note that the letter is late."""
    letter = subject.letter
    if letter is None:
        return
    said = bounce.words if bounce.code in bounce.words else f"{bounce.code} {bounce.words}".strip()
    if outcome is Outcome.TEMPORARY:
        add_note(letter.id, "delayed", now=now, words=said)
    elif outcome is Outcome.TAKEN:
        outbox.mark_bounced(letter.id, now=now, answer=said)
        undeliverable_addresses.mark(
            letter.recipient, code=bounce.code, words=bounce.words, now=now
        )
