"""The subject of a received mail, found by the secret UID of an invitation or by a Message-ID."""

from dataclasses import dataclass

from ikone_events.domain.incoming.mails import (
    Bounce,
    CalendarAnswer,
    Damaged,
    Incoming,
    ReturnedMail,
)
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.events.speakers import Speaker, find_speaker_by_uid
from ikone_events.store.incoming.queries import (
    SentObject,
    find_by_uid,
    find_latest_to,
    find_mail,
    objects_of,
)
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a received mail is about; empty if it is about none of our mails.

    `objects` are the sent objects with the UID of an answer, `mail` is the answered or returned
    mail. An organiser's test invitation has a mail, and neither registration nor speaker.
    """

    event: Event | None = None
    registration: Registration | None = None
    speaker: Speaker | None = None
    mail: OutboxMail | None = None
    objects: tuple[SentObject, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the mail is about one of our mails."""
        return any((self.mail, self.registration, self.speaker))


def lock_subject(found: Incoming) -> Subject:
    """Find the subject and lock its event; then read everything again."""
    before = _find(found)
    if before.event is None:
        return before
    lock_event(before.event.slug)
    db.session.flush()
    db.session.expire_all()
    return _find(found)


def _find(found: Incoming) -> Subject:
    match found:
        case CalendarAnswer(uid=uid, sequence=sequence):
            return _by_uid(uid, sequence)
        case Damaged(uid=uid) if uid and (subject := _by_uid(uid, None)).known:
            return subject
        case Bounce(original_message_id=name):
            return _by_mail(find_mail([name]))
        case Damaged(message_ids=names):
            return _by_mail(find_mail(names))
        case ReturnedMail(message_ids=names, addresses=addresses):
            return _by_mail(find_mail(names) or find_latest_to(addresses))
        case _:
            return _by_mail(find_mail(found.envelope.references))


def _by_uid(uid: str, sequence: int | None) -> Subject:
    """The registration or the speaker with this UID, or one with a mail with this UID."""
    objects = tuple(objects_of(uid))
    mail = _mail_of(_answered(objects, sequence))
    registration = find_by_uid(uid)
    if registration is None:
        if (speaker := find_speaker_by_uid(uid)) is not None:
            return Subject(event=speaker.event, speaker=speaker, mail=mail, objects=objects)
        return _by_mail(mail, objects)
    return Subject(event=registration.event, registration=registration, mail=mail, objects=objects)


def _answered(objects: tuple[SentObject, ...], sequence: int | None) -> SentObject | None:
    """The newest object up to a sequence, which is the one that was answered."""
    wanted = (each for each in objects if sequence is None or each.sequence <= sequence)
    return next(wanted, objects[-1] if objects else None)


def _mail_of(sent: SentObject | None) -> OutboxMail | None:
    return db.session.get(OutboxMail, sent.mail_id) if sent else None


def _by_mail(mail: OutboxMail | None, objects: tuple[SentObject, ...] = ()) -> Subject:
    """The subject of a mail; empty if the person has been anonymised."""
    if mail is None:
        return Subject()
    person = mail.registration
    if person is not None and person.anonymised_at is not None:
        return Subject()
    return Subject(
        event=mail.event,
        registration=person,
        speaker=mail.speaker,
        mail=mail,
        objects=objects,
    )
