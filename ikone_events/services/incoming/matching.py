"""Whom a received mail is about: found by the secret UID of an object, or by a mail's name."""

from dataclasses import dataclass

from ikone_events.domain.incoming.mails import Bounce, CalendarAnswer, Incoming
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.incoming.queries import SentObject, find_by_uid, find_mail, objects_of
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What of ours a mail is about; nothing at all where it is about nothing that we ever sent.

    `objects` are those that bore the UID of an answer, `mail` the one that was answered or came
    back. An organiser's test invitation has a mail and no registration.
    """

    event: Event | None = None
    registration: Registration | None = None
    mail: OutboxMail | None = None
    objects: tuple[SentObject, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it is about anything of ours."""
        return self.mail is not None or self.registration is not None


def lock_subject(found: Incoming) -> Subject:
    """Find whom a mail is about and lock the event, then read it again behind the lock."""
    before = _find(found)
    if before.event is None:
        return before
    lock_event(before.event.slug)
    db.session.flush()
    db.session.expire_all()  # what was read before the lock may have changed since
    return _find(found)


def _find(found: Incoming) -> Subject:
    if isinstance(found, CalendarAnswer):
        return _by_uid(found)
    names = found.envelope.references
    if isinstance(found, Bounce):
        names = (found.original_message_id,)
    return _by_mail(find_mail(names))


def _by_uid(answer: CalendarAnswer) -> Subject:
    """The registration that bears the UID, or bore it when one of its mails left."""
    objects = tuple(objects_of(answer.uid))
    mail = _mail_of(_answered(objects, answer.sequence))
    registration = find_by_uid(answer.uid)
    if registration is None:
        return _by_mail(mail, objects)
    return Subject(event=registration.event, registration=registration, mail=mail, objects=objects)


def _answered(objects: tuple[SentObject, ...], sequence: int | None) -> SentObject | None:
    """The newest object up to a sequence: that one the person's calendar held."""
    wanted = (each for each in objects if sequence is None or each.sequence <= sequence)
    return next(wanted, objects[-1] if objects else None)


def _mail_of(sent: SentObject | None) -> OutboxMail | None:
    return db.session.get(OutboxMail, sent.mail_id) if sent else None


def _by_mail(mail: OutboxMail | None, objects: tuple[SentObject, ...] = ()) -> Subject:
    """A mail and whom it went to; whoever has been forgotten is not found."""
    if mail is None:
        return Subject()
    person = mail.registration
    if person is not None and person.anonymised_at is not None:
        return Subject()
    return Subject(event=mail.event, registration=person, mail=mail, objects=objects)
