"""Whom a received mail is about: found by the secret UID of an object, or by a letter's name."""

from dataclasses import dataclass

from ikone_events.domain.incoming.mails import Bounce, CalendarAnswer, Incoming
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import hold_event
from ikone_events.store.incoming.queries import SentObject, find_by_uid, find_letter, objects_of
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What of ours a mail is about; nothing at all where it is about nothing that we ever sent.

    `objects` are those that bore the UID of an answer, `letter` the one that was answered or came
    back. An organiser's test invitation has a letter and no registration.
    """

    event: Event | None = None
    registration: Registration | None = None
    letter: OutboxMail | None = None
    objects: tuple[SentObject, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it is about anything of ours."""
        return self.letter is not None or self.registration is not None


def hold_subject(found: Incoming) -> Subject:
    """Find whom a mail is about and lock the event, then read it again behind the lock."""
    before = _find(found)
    if before.event is None:
        return before
    hold_event(before.event.slug)
    db.session.flush()
    db.session.expire_all()  # what was read before the lock may have changed since
    return _find(found)


def _find(found: Incoming) -> Subject:
    if isinstance(found, CalendarAnswer):
        return _by_uid(found)
    names = found.envelope.references
    if isinstance(found, Bounce):
        names = (found.original_message_id,)
    return _by_letter(find_letter(names))


def _by_uid(answer: CalendarAnswer) -> Subject:
    """The registration that bears the UID, or bore it when one of its letters left."""
    objects = tuple(objects_of(answer.uid))
    letter = _letter_of(_answered(objects, answer.sequence))
    registration = find_by_uid(answer.uid)
    if registration is None:
        return _by_letter(letter, objects)
    return Subject(
        event=registration.event, registration=registration, letter=letter, objects=objects
    )


def _answered(objects: tuple[SentObject, ...], sequence: int | None) -> SentObject | None:
    """The newest object up to a sequence: that one the person's calendar held."""
    wanted = (each for each in objects if sequence is None or each.sequence <= sequence)
    return next(wanted, objects[-1] if objects else None)


def _letter_of(sent: SentObject | None) -> OutboxMail | None:
    return db.session.get(OutboxMail, sent.letter_id) if sent else None


def _by_letter(letter: OutboxMail | None, objects: tuple[SentObject, ...] = ()) -> Subject:
    """A letter and whom it went to; whoever has been forgotten is not found."""
    if letter is None:
        return Subject()
    person = letter.registration
    if person is not None and person.anonymised_at is not None:
        return Subject()
    return Subject(event=letter.event, registration=person, letter=letter, objects=objects)
