"""Mailings: mails to many people, stored as one row with their cause."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, false, or_, select, update

from ikone_events.domain.events.lifecycle import Message
from ikone_events.domain.mails.audiences import OF_CONTACTS, OF_NEWS, Audience
from ikone_events.domain.mails.kinds import REMINDERS, REQUEST, MailKind
from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput
from ikone_events.services.mails import outbox
from ikone_events.services.mails.audiences import People, people_to_write_to, readers_of
from ikone_events.services.mails.texts import snapshot
from ikone_events.services.mails.values import notified_versions
from ikone_events.store.db import ask_for_delivery, db, for_update, rows_written
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.speakers import Speaker, briefed
from ikone_events.store.mails.event_versions import NOTIFIED
from ikone_events.store.mails.models import Mailing, OutboxMail, Subscriber
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration


def has_begun(mailing: Mailing) -> bool:
    """Whether the worker has written mails of it, or found nobody to write to."""
    return mailing.last_id > 0 or mailing.finished_at is not None


def can_be_taken_back(mailing: Mailing) -> bool:
    """Whether it is a message that organisers wrote, of which nothing is written yet."""
    return mailing.kind == MailKind.NOTE.value and not has_begun(mailing)


def start_mailing(
    event: Event,
    message: Message,
    *,
    now: datetime,
    started_by: str = "",
    step: Step | None = None,
    reason: str = "",
    only_changed: bool = False,
    old_starts_at: datetime | None = None,
    old_ends_at: datetime | None = None,
    change: StateChange | None = None,
    due_at: datetime | None = None,
    contact_choice: str = "",
) -> Mailing:
    """Store a mailing in the transaction of its cause; the worker writes the mails.

    `change` is the transition that it is about; before `due_at` nothing is written.
    """
    mailing = new_mailing(event, message, step=step, reason=reason)
    mailing.only_changed, mailing.contact_choice = only_changed, contact_choice
    mailing.old_starts_at, mailing.old_ends_at = old_starts_at, old_ends_at
    mailing.started_by, mailing.created_at, mailing.due_at = started_by, now, due_at
    if change is not None:
        db.session.flush()
        mailing.state_change_id = change.id
    db.session.add(mailing)
    db.session.flush()
    ask_for_delivery()
    return mailing


def new_mailing(
    event: Event, message: Message, *, step: Step | None = None, reason: str = ""
) -> Mailing:
    """A mailing with the texts in force, not stored; previews use it as it is."""
    return Mailing(
        event_id=event.id,
        kind=message.kind.value,
        audience=message.audience.value,
        reason=reason,
        event_lock_version=event.lock_version,
        step_id=step.id if step else None,
        organisation_id=step.organisation_id if step else None,
        texts=snapshot(event, step.name if step and step.kind == MailKind.NOTE else message.kind),
    )


def stop_mailing(event: Event, mailing_id: int, *, actor: str, now: datetime) -> Mailing:
    """Stop the mails of a mailing that have not been sent. Raises NotFound.

    Changes nothing if it is stopped already or everything has been sent.
    """
    mailing = get_mailing(event, mailing_id)
    if mailing.stopped_at is None and (mailing.finished_at is None or _has_queued(mailing)):
        mailing.stopped_at, mailing.stopped_by = now, actor
        outbox.stop(mailing, actor=actor, now=now)
    return mailing


def resume_mailing(event: Event, mailing_id: int, *, actor: str, now: datetime) -> Mailing:
    """Send the rest of a stopped mailing.

    Raises NotFound, and UnfitInput if the event has changed since the mailing began: its mails may
    be wrong.
    """
    mailing = get_mailing(event, mailing_id)
    if mailing.stopped_at is not None:
        if mailing.event.changed_at > mailing.created_at:
            text = N_(
                "The event has changed since these e-mails were written. "
                "Please write a new message instead."
            )
            raise UnfitInput(Complaint(text))
        resume_rest(mailing, actor=actor, now=now)
    return mailing


def resume_rest(mailing: Mailing, *, actor: str, now: datetime) -> None:
    """Send the rest of a stopped mailing whose event is as it was when the mailing began."""
    mailing.stopped_at, mailing.stopped_by = None, ""
    answered = _answered_for_another_date(mailing)
    outbox.resume(mailing, actor=actor, now=now)
    _ask_again(mailing, answered)


def _answered_for_another_date(mailing: Mailing) -> list[int]:
    """The ids of people whose calendars have answered for the date that they know by now."""
    event = mailing.event
    people = db.session.scalars(
        select(Registration)
        .join(OutboxMail, OutboxMail.registration_id == Registration.id)
        .where(
            OutboxMail.mailing_id == mailing.id,
            OutboxMail.state == "stopped",
            OutboxMail.calendar_method == REQUEST,
            Registration.partstat != "",
        )
    ).all()
    known = notified_versions(event, people)
    date = (event.starts_at, event.ends_at)
    return [p.id for p in people if (known[p.id].starts_at, known[p.id].ends_at) != date]


def _ask_again(mailing: Mailing, people: Collection[int]) -> None:
    """Forget answers for the date that the resumed mails replace."""
    queued = OutboxMail.mailing_id == mailing.id, OutboxMail.state == "queued"
    resumed = select(OutboxMail.registration_id).where(*queued)
    mine = Registration.id.in_(people) & Registration.id.in_(resumed)
    rows_written(update(Registration).where(mine).values(partstat=""))


def get_mailing(event: Event, mailing_id: int) -> Mailing:
    """A mailing of this event, locked; raises NotFound."""
    wanted = select(Mailing).where(Mailing.id == mailing_id, Mailing.event_id == event.id)
    mailing = db.session.scalar(for_update(wanted, Mailing))
    if mailing is None:
        raise NotFound(Complaint(N_("There are no such e-mails.")))
    return mailing


def _has_queued(mailing: Mailing) -> bool:
    queued = OutboxMail.mailing_id == mailing.id, OutboxMail.state == "queued"
    return db.session.scalar(select(OutboxMail.id).where(*queued).limit(1)) is not None


def people_after(mailing: Mailing, now: datetime) -> People:
    """The recipients of a mailing whose mails are not written yet.

    People whose status changed after its start are left out: their own mails describe the new
    state. A mail about a new date goes to them too if no mail of their own has announced it.
    """
    audience = Audience(mailing.audience)
    if audience in OF_NEWS:
        model = Contact if audience in OF_CONTACTS else Subscriber
        choice, at = mailing.contact_choice or "", mailing.created_at
        return readers_of(mailing.event, audience, choice, at=at).where(model.id > mailing.last_id)
    if audience is Audience.SPEAKERS:
        return briefed(mailing.event_id).where(Speaker.id > mailing.last_id)
    people = people_to_write_to(mailing.event, mailing, now=now).where(
        Registration.id > mailing.last_id,
        or_(
            Registration.event_lock_version < mailing.event_lock_version,
            _is_not_notified(mailing) if mailing.kind == MailKind.MOVED.value else false(),
        ),
    )
    if mailing.step is not None and mailing.kind in REMINDERS:
        # Whoever registered after it was due has just got a mail with the same content.
        people = people.where(Registration.status_at <= mailing.step.due_at)
    return people


def _is_not_notified(mailing: Mailing) -> ColumnElement[bool]:
    """Whether a person knew an earlier version of the event, and none of the present one."""
    notified = select(OutboxMail.id).where(
        OutboxMail.registration_id == Registration.id,
        OutboxMail.notified_version == mailing.event.calendar_version,
        OutboxMail.state.in_(NOTIFIED),
    )
    return (Registration.registered_at < mailing.created_at) & ~notified.exists()


def release_waiting(event: Event) -> None:
    """Let mailings of earlier presses leave at once: what follows must not overtake them."""
    waiting = Mailing.event_id == event.id, Mailing.due_at.is_not(None)
    presses = Mailing.state_change_id.is_not(None)
    rows_written(update(Mailing).where(*waiting, presses).values(due_at=None))
