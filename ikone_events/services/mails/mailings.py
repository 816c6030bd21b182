"""Mails to many: one row in the cause's transaction, expanded by the worker chunk by chunk."""

from datetime import datetime

from sqlalchemy import Select, case, func, select

from ikone_events.domain.events.lifecycle import Message
from ikone_events.domain.mails.audiences import OF_SUBSCRIBERS, Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput
from ikone_events.services.mails import outbox
from ikone_events.services.mails.audiences import people_of, subscribers_of
from ikone_events.services.mails.mailing_chunks import write_chunk
from ikone_events.services.mails.notified import notified_versions
from ikone_events.services.mails.texts import snapshot
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.mails.subscribers import Subscriber
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration

CHUNK = 25

# Whoever registered after such a mail was due has just been told everything it says.
_REMINDERS = (MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR)
_OF_SUBSCRIBERS = sorted(audience.value for audience in OF_SUBSCRIBERS)


def start_mailing(
    event: Event,
    message: Message,
    *,
    now: datetime,
    started_by: str = "",
    step: Step | None = None,
    organisation_id: int | None = None,
    reason: str = "",
    only_changed: bool = False,
    old_starts_at: datetime | None = None,
    old_ends_at: datetime | None = None,
) -> Mailing:
    """Promise a mail to an audience, in the transaction of its cause."""
    mailing = new_mailing(event, message, step=step, reason=reason)
    mailing.organisation_id, mailing.only_changed = organisation_id, only_changed
    mailing.old_starts_at, mailing.old_ends_at = old_starts_at, old_ends_at
    mailing.started_by, mailing.created_at = started_by, now
    db.session.add(mailing)
    db.session.flush()
    ask_for_delivery()
    return mailing


def new_mailing(
    event: Event, message: Message, *, step: Step | None = None, reason: str = ""
) -> Mailing:
    """A mailing that nobody has started, with the texts in force; previews are written with it."""
    return Mailing(
        event_id=event.id,
        kind=message.kind.value,
        audience=message.audience.value,
        reason=reason,
        event_lock_version=event.lock_version,
        step_id=step.id if step else None,
        texts=snapshot(event, step.name if step and step.kind == MailKind.NOTE else message.kind),
    )


def find_open_mailing() -> int | None:
    """The next mailing that is neither stopped nor fully in the outbox yet.

    Reminders first, then what people of an event have to know; news to thousands may take hours.
    """
    unfinished = select(Mailing.id).where(
        Mailing.finished_at.is_(None), Mailing.stopped_at.is_(None)
    )
    urgency = case(
        (Mailing.kind.in_([kind.value for kind in _REMINDERS]), 0),
        (Mailing.audience.in_(_OF_SUBSCRIBERS), 2),
        else_=1,
    )
    return db.session.scalar(unfinished.order_by(urgency, Mailing.id).limit(1))


def expand_chunk(mailing_id: int, *, now: datetime) -> int:
    """Write the next mails of a mailing into the outbox; returns how many. Needs a transaction.

    The row of the mailing is locked, so that two workers never write the same chunk, and nothing
    is written after somebody pressed stop. Before it the event is, as in every change of a seat:
    who withdraws meanwhile would get a withdrawal that counts no more than the chunk's mail.
    """
    _lock_event_of(mailing_id)
    mailing = db.session.scalar(
        select(Mailing)
        .where(
            Mailing.id == mailing_id,
            Mailing.finished_at.is_(None),
            Mailing.stopped_at.is_(None),
        )
        .with_for_update(of=Mailing)
        .execution_options(populate_existing=True)
    )
    if mailing is None:
        return 0
    # Who unsubscribes at this moment waits for the chunk, and takes the mail along.
    next_ones = _people_after(mailing).limit(CHUNK).with_for_update(read=True, key_share=True)
    people = db.session.scalars(next_ones).all()
    registered = [person for person in people if isinstance(person, Registration)]
    known = notified_versions(mailing.event, registered)
    write_chunk(mailing, people, now=now, known=known)
    if people:
        mailing.last_id = people[-1].id
    if len(people) < CHUNK:
        mailing.finished_at = now
    return len(people)


def _lock_event_of(mailing_id: int) -> None:
    """Subscribers have no seats: news to thousands keeps nobody from registering."""
    slug = db.session.scalar(
        select(Event.slug)
        .join(Mailing, Mailing.event_id == Event.id)
        .where(Mailing.id == mailing_id, Mailing.audience.not_in(_OF_SUBSCRIBERS))
    )
    if slug is not None:
        lock_event(slug)


def stop_mailing(event: Event, mailing_id: int, *, actor: str, now: datetime) -> Mailing:
    """Hold back everything of a mailing that has not gone; what has gone is gone.

    A second press, or one that comes after the last mail, changes nothing. Raises NotFound.
    """
    mailing = get_mailing(event, mailing_id)
    if mailing.stopped_at is None and (mailing.finished_at is None or _has_queued(mailing)):
        mailing.stopped_at, mailing.stopped_by = now, actor
        outbox.stop(mailing, actor=actor, now=now)
    return mailing


def resume_mailing(event: Event, mailing_id: int, *, actor: str, now: datetime) -> Mailing:
    """Send the rest of a stopped mailing after all.

    Raises NotFound, and UnfitInput when the event has changed since it began: what was written
    then may be wrong by now.
    """
    mailing = get_mailing(event, mailing_id)
    if mailing.stopped_at is not None:
        if mailing.event.changed_at > mailing.created_at:
            text = N_(
                "The event has changed since these e-mails were written. "
                "Please write a new message instead."
            )
            raise UnfitInput(Complaint(text))
        mailing.stopped_at, mailing.stopped_by = None, ""
        outbox.resume(mailing, actor=actor, now=now)
    return mailing


def count_remaining(mailing: Mailing) -> int:
    """How many people an unfinished mailing has not come to yet."""
    if mailing.finished_at is not None:
        return 0
    people = _people_after(mailing).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(people)) or 0


def get_mailing(event: Event, mailing_id: int) -> Mailing:
    """A mailing of this event, locked until the transaction ends; raises NotFound."""
    mailing = db.session.scalar(
        select(Mailing)
        .where(Mailing.id == mailing_id, Mailing.event_id == event.id)
        .with_for_update(of=Mailing)
        .execution_options(populate_existing=True)
    )
    if mailing is None:
        raise NotFound(Complaint(N_("There is no such mailing.")))
    return mailing


def _has_queued(mailing: Mailing) -> bool:
    queued = select(OutboxMail.id).where(
        OutboxMail.mailing_id == mailing.id, OutboxMail.state == "queued"
    )
    return db.session.scalar(queued.limit(1)) is not None


def _people_after(mailing: Mailing) -> Select[Registration] | Select[Subscriber]:
    """Whom a mailing still has to come to.

    Later arrivals are left out: their own mails already know the new state of things.
    """
    audience = Audience(mailing.audience)
    if audience in OF_SUBSCRIBERS:
        return subscribers_of(mailing.event, audience).where(
            Subscriber.id > mailing.last_id, Subscriber.confirmed_at <= mailing.created_at
        )
    people = people_of(mailing.event, audience, organisation_id=mailing.organisation_id).where(
        Registration.id > mailing.last_id,
        Registration.event_lock_version < mailing.event_lock_version,
    )
    if mailing.step is not None and mailing.kind in _REMINDERS:
        people = people.where(Registration.status_at <= mailing.step.due_at)
    return people
