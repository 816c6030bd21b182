"""New registrations: finished with status, history and mail first, then stored behind the lock.

Composing the mail is most of the work and needs no lock: whoever drafts it before decides by the
seats as they are then, and drafts it again if behind the lock the outcome is another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ikone_events.domain.address import email_key
from ikone_events.domain.header_text import normalise
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.registering.form_fields import Answers
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import Place
from ikone_events.domain.registering.status import mail_for, mail_key, registration_status
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.invitations import new_calendar_uid
from ikone_events.services.mails.writing import finished_mail, queue_plainly
from ikone_events.services.registering.seating import StatusCause, mode_for, set_status
from ikone_events.store.directory.naming import find_id_by_name
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.plain import complete, insert_row, new_row
from ikone_events.store.registering.form_fields import Answer
from ikone_events.store.registering.models import Registration, StatusChange, keys_of

_LINES = frozenset(
    {"first_name", "last_name", "email", "organisation", "title", "position", "registered_by"}
)
_AS_TYPED = (
    *("salutation", "title", "first_name", "last_name", "email", "position", "question"),
    *("locale", "registered_by", "via"),
)
_OF_STANDING = ("standing_id", "address_confirmed_at")
_KEYED = ("first_name", "last_name", "email", "organisation")
# What mails read of a registration before it is stored.
_DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("status", "awaits", "calendar_method", "partstat", "thread_id"), ""),
    **dict.fromkeys(("reserved_until", "waiting_order", "predecessor_id", "code_id")),
    **dict.fromkeys(("address_confirmed_at", "approved_at", "accepted_at", "anonymised_at")),
    "standing_id": None,
    **dict.fromkeys(("calendar_sequence", "calendar_stamp")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """The data of a registration form, whose format was checked there.

    `mode` counts at hybrid events, `code` at those by invitation. `answers` are those to the
    event's own fields, by key; a single answer is a list of one. `registered_by` names the
    colleague who filled in the form, `via` the link that led to it.
    """

    first_name: str
    last_name: str
    email: str
    organisation: str
    locale: str
    salutation: str = ""
    title: str = ""
    position: str = ""
    question: str = ""
    mode: str = ""
    code: str = ""
    answers: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    registered_by: str = ""
    via: str = ""

    def __post_init__(self) -> None:
        """Normalise what was typed, also in lists that were stored earlier."""
        normalise(self, _LINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingApplicant(Applicant):
    """A person with a standing sign-up, in which the address was confirmed."""

    standing_id: int
    address_confirmed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationDraft:
    """A finished registration with its rows, which are in no session."""

    person: Registration
    place: Place
    cause: StatusCause
    change: StatusChange
    joins_waiting_list: bool
    answers: Sequence[Answer] = ()
    mail: OutboxMail | None = None


def new_registration(event: Event, applicant: Applicant, *, now: datetime) -> Registration:
    """A registration without a status, in no session."""
    typed = {name: getattr(applicant, name) for name in _AS_TYPED}
    origin: dict[str, Any] = {}
    if isinstance(applicant, StandingApplicant):
        origin = {name: getattr(applicant, name) for name in _OF_STANDING}
    return new_row(
        Registration,
        **{**_DEFAULTS, **origin},
        event_id=event.id,
        public_id=new_public_id(),
        link_epoch=1,
        registered_at=now,
        mode=mode_for(event, applicant.mode).value,
        email_key=email_key(applicant.email),
        organisation_text=applicant.organisation,
        organisation_id=find_id_by_name(applicant.organisation, event.snapshot_of),
        calendar_uid=new_calendar_uid(),
        **typed,
        **keys_of(*(getattr(applicant, name) for name in _KEYED)),
    )


def draft(
    person: Registration,
    event: Event,
    place: Place,
    cause: StatusCause,
    *,
    answers: Sequence[Answer] = (),
    given: Answers | None = None,
    other_person: str = "",
    silent: bool = False,
) -> RegistrationDraft:
    """Give a new registration its status and, unless `silent`, compose its mail; nothing is stored.

    `given` are the answers by key. Raises UnfitInput if the mail can't be sent.
    """
    joins = place.status is Status.WAITLISTED and person.waiting_order is None
    change = set_status(person, place, cause, lock_version=0)
    kind = mail_for(cause.action, registration_status(place.status, place.awaits))
    mail = None
    if kind is not None and not silent:
        mail = _mail(kind, person, event, cause, given=given or {}, other_person=other_person)
    return RegistrationDraft(
        person=person,
        place=place,
        cause=cause,
        change=change,
        joins_waiting_list=joins,
        answers=answers,
        mail=mail,
    )


def _mail(
    kind: MailKind,
    person: Registration,
    event: Event,
    cause: StatusCause,
    *,
    given: Answers,
    other_person: str,
) -> OutboxMail:
    facts = facts_for(kind, person, event, now=cause.now, given=given, other_person=other_person)
    key = mail_key(kind, person.public_id, 0, fresh=True)
    mail = finished_mail(facts, person, event, key=key, now=cause.now)
    person.thread_id = mail.message_id
    return mail


def store(draft: RegistrationDraft, *, lock_version: int) -> Registration:
    """Store a draft with its history, answers and mail. The event must be locked.

    The registration stays outside the session (`attach`).
    """
    person = draft.person
    complete(person, event_lock_version=lock_version)
    if draft.joins_waiting_list:
        complete(person, waiting_order=lock_version)
    insert_row(person)
    number = person.id
    complete(draft.change, event_lock_version=lock_version, registration_id=number)
    insert_row(draft.change)
    for answer in draft.answers:
        complete(answer, registration_id=number)
        insert_row(answer)
    if draft.mail is not None:
        complete(draft.mail, registration_id=number)
        queue_plainly(draft.mail)
    return person
