"""Mails after an event: the follow-up to those who waited, supplements to those who want them."""

from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.events.facts import AFTER_FOLLOW_UP
from ikone_events.domain.events.lifecycle import Message, State
from ikone_events.domain.followup.access import is_available
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.registration import Status
from ikone_events.services.mails.audiences import count
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing
from ikone_events.store.registering.queries import lock_registration

SUPPLEMENT = Message(MailKind.SUPPLEMENT, Audience.SUPPLEMENTED)
_MAY_WISH = (Status.CONFIRMED.value, Status.WAITLISTED.value)


def write_to_waiting(slug: str, *, wanted: bool) -> Event:
    """Choose whether the follow-up goes to those who waited, by the plan as well.

    Raises NotFound, and StatusRefused once the follow-up is sent.
    """
    event = lock_event(slug)
    if event.state in AFTER_FOLLOW_UP:
        raise StatusRefused(Complaint(N_("The follow-up has been sent already.")))
    event.follow_up_to_waiting = wanted
    return event


def is_being_written(event: Event) -> bool:
    """Whether mails with materials or answers are being written: what is new is not known yet."""
    kinds = [kind.value for kind in (MailKind.FOLLOW_UP, MailKind.SUPPLEMENT, MailKind.ANSWER)]
    unfinished = select(Mailing.id).where(
        Mailing.event_id == event.id,
        Mailing.kind.in_(kinds),
        Mailing.finished_at.is_(None),
        Mailing.stopped_at.is_(None),
    )
    return db.session.scalar(unfinished.limit(1)) is not None


def new_materials(event: Event, now: datetime) -> list[Material]:
    """What can be handed out now and was in no follow-up or supplement."""
    state = State(event.state)
    return [m for m in event.materials if m.mailed_at is None and is_available(m, state, now)]


def note_mailed(event: Event, *, now: datetime) -> list[Material]:
    """Note that the mailing that begins now lists the new materials, and return them."""
    found = new_materials(event, now)
    for material in found:
        material.mailed_at = now
    return found


def send_supplement(slug: str, *, by: str, now: datetime) -> Mailing:
    """Send the new materials to those who want a supplement, each what they may see.

    Of two presses the second finds nothing new. Raises NotFound, and StatusRefused if there is
    nothing new, nobody to notify, or the event is not followed up.
    """
    event = lock_event(slug)
    if event.state != State.FOLLOWED_UP.value:
        raise StatusRefused(Complaint(N_("A supplement comes after the follow-up.")))
    if not new_materials(event, now):
        raise StatusRefused(Complaint(N_("Nothing has been added since the last e-mail.")))
    if count(event, SUPPLEMENT.audience, now=now) == 0:
        raise StatusRefused(Complaint(N_("Nobody who may see the new materials wants an e-mail.")))
    note_mailed(event, now=now)
    return start_mailing(event, SUPPLEMENT, now=now, started_by=by)


def can_ask_for_supplement(state: str, status: str) -> bool:
    """Whether a person can ask for supplements."""
    return state != State.ARCHIVED.value and status in _MAY_WISH


def set_supplement(public_id: str, *, wanted: bool) -> None:
    """Store whether a person wants supplements. Raises StatusRefused."""
    registration = lock_registration(public_id)
    if not can_ask_for_supplement(registration.event.state, registration.status):
        raise StatusRefused(Complaint(N_("This is only possible with a registration.")))
    registration.wants_supplement = wanted
