"""Undoing what was announced, postponed or cancelled, and taking back messages to many.

Only while the mailing has not begun: nobody has been notified, so nothing has to be withdrawn. The
worker locks the row of a mailing for each chunk; whoever locks it first decides.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from ikone_events.domain.events.facts import RUNNING, State
from ikone_events.domain.events.history import MAY_BE_UNDONE, Past, last_press, state_before
from ikone_events.domain.events.lifecycle import NOTHING_TO_UNDO, UNDOABLE, Action
from ikone_events.domain.refusals import N_, Complaint, TransitionRefused
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.mailings import (
    can_be_taken_back,
    get_mailing,
    has_begun,
    resume_rest,
)
from ikone_events.services.plan.plans import MOOT, SKIPPED, finish, reopen, steps_of
from ikone_events.services.registering.seating import promote_waiting
from ikone_events.store.db import db, for_update
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import history_of, lock_event
from ikone_events.store.mails.models import Mailing
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration

# So close to the start mails leave at once.
NEAR = timedelta(hours=1)


def past_of(event: Event, history: Sequence[StateChange] | None = None) -> Past:
    """What the history says about the possible actions; reads it only where that matters."""
    if event.state not in MAY_BE_UNDONE:
        return Past()
    history = history_of(event) if history is None else history
    undo_to = State(last_press(history)[0].source) if _unbegun(history) else None
    return Past(state_before(event.state, history), undo_to)


def unbegun_mailings(event: Event) -> Sequence[Mailing]:
    """The mailings of a press that can be undone; empty if there is none."""
    return _unbegun(history_of(event)) if event.state in MAY_BE_UNDONE else ()


def _unbegun(history: Sequence[StateChange]) -> Sequence[Mailing]:
    press = last_press(history)
    mailings = db.session.scalars(_mailings_of(press)).all() if press else ()
    return mailings if _is_unbegun(mailings) else ()


def quiet_until(event: Event, *, now: datetime) -> datetime | None:
    """Until when mails of a press wait; None if they leave at once, as close to the start."""
    minutes = get_installation().settings.quiet_minutes
    has_date = event.state != State.POSTPONED.value
    if minutes == 0 or (has_date and event.starts_at - now <= NEAR):
        return None
    return now + timedelta(minutes=minutes)


def take_back(event: Event, *, actor: str, now: datetime) -> None:
    """Delete the mailings of the last press, and restore what it stopped and finished.

    The event must be locked; its state is set by the caller. Raises TransitionRefused if a mailing
    has begun meanwhile.
    """
    press = last_press(history_of(event))
    mailings = db.session.scalars(for_update(_mailings_of(press), Mailing)).all()
    if not _is_unbegun(mailings):
        raise TransitionRefused(Complaint(NOTHING_TO_UNDO))
    _delete(mailings)
    for mailing in db.session.scalars(_stopped_by(event, press[0])).all():
        resume_rest(mailing, actor=actor, now=now)
    _reopen_steps(event, press, actor=actor, now=now)


def fill_seats_left(event: Event, *, now: datetime) -> None:
    """Promote people if somebody has left while nobody could be promoted; else touch no seat."""
    if State(event.state) not in RUNNING:
        return
    since = max(change.at for change in history_of(event) if change.action in UNDOABLE)
    moved = select(Registration.id).where(
        Registration.event_id == event.id, Registration.status_at >= since
    )
    if db.session.scalar(moved.limit(1)) is not None:
        promote_waiting(event, now=now)


def take_back_message(event: Event, mailing_id: int) -> Step:
    """Delete a message to many that has not begun; its step becomes a draft again.

    Raises NotFound, and TransitionRefused once it has begun.
    """
    event = lock_event(event.slug)
    mailing = get_mailing(event, mailing_id)
    step = mailing.step
    if step is None or not can_be_taken_back(mailing):
        text = N_("These e-mails can't be taken back any more. You can stop the rest of them.")
        raise TransitionRefused(Complaint(text))
    _delete([mailing])
    reopen(step)
    step.active = False
    return step


def _is_unbegun(mailings: Collection[Mailing]) -> bool:
    return bool(mailings) and not any(map(has_begun, mailings))


def _mailings_of(press: Sequence[StateChange]) -> Select[Mailing]:
    numbers = [change.id for change in press]
    return select(Mailing).where(Mailing.state_change_id.in_(numbers)).order_by(Mailing.id)


def _stopped_by(event: Event, change: StateChange) -> Select[Mailing]:
    """Mailings that were stopped because the event was called off."""
    return select(Mailing).where(
        Mailing.event_id == event.id,
        Mailing.stopped_at == change.at,
        Mailing.stopped_by == change.actor,
    )


def _delete(mailings: Collection[Mailing]) -> None:
    for mailing in mailings:
        db.session.delete(mailing)
    db.session.flush()


def _reopen_steps(event: Event, press: Sequence[StateChange], *, actor: str, now: datetime) -> None:
    """Let steps wait again that the press had finished; what was announced early stays off."""
    actions = {change.action for change in press}
    for step in steps_of(event):
        if step.outcome_at != press[0].at or not (step.outcome == MOOT or step.action in actions):
            continue
        reopen(step)
        if step.action == Action.ANNOUNCE.value and step.active:
            finish(step, SKIPPED, actor, now=now)
