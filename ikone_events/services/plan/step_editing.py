"""Steps as organisers edit them: skip, switch, give another time, delete an own message."""

from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import latest
from ikone_events.domain.plan.times import Timing
from ikone_events.domain.refusals import N_, Complaint, NotFound, TransitionRefused, UnfitInput
from ikone_events.services.plan.plans import (
    EXPIRED,
    SKIPPED,
    anchors_of,
    finish,
    reopen,
    set_timing,
    what_of,
)
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.plan.models import Step


def skip(event: Event, step_id: int, *, actor: str, now: datetime) -> Step:
    """Skip a step; `take_back` reverts it."""
    step = lock_step_of(event, step_id)
    _refuse_archive(step)
    finish(step, SKIPPED, actor, now=now)
    return step


def take_back(event: Event, step_id: int) -> Step:
    """Let a skipped or expired step wait again. Raises NotFound."""
    step = lock_step_of(event, step_id, waiting=False)
    if step.outcome in (SKIPPED, EXPIRED):
        reopen(step)
    return step


def switch(event: Event, step_id: int, *, active: bool) -> Step:
    """Switch a waiting step on or off; the archiving step stays on."""
    step = lock_step_of(event, step_id)
    _refuse_archive(step)
    step.active = active
    return step


def retime(event: Event, step_id: int, timing: Timing, *, now: datetime) -> Step:
    """Give a step another time; a skipped or expired one waits for it again.

    Raises UnfitInput for a time that has passed, or at which the step would be too late, and
    NotFound.
    """
    step = lock_step_of(event, step_id, waiting=False)
    _refuse_archive(step)
    if step.outcome not in ("", SKIPPED, EXPIRED):
        raise _no_such_step()
    anchors = anchors_of(step.event)
    set_timing(step, timing, anchors)
    about = "fixed" if timing.fixed else "amount"
    if step.due_at <= now:
        text = N_("That time has already passed. Choose a later one, or run the step now.")
        raise UnfitInput(Complaint(text, about=about))
    last = latest(what_of(step), step.due_at, anchors)
    if last is not None and step.due_at > last:
        text = N_("That is too late for this step: it would no longer run. Choose an earlier time.")
        raise UnfitInput(Complaint(text, about=about))
    reopen(step)
    return step


def remove_message(event: Event, step_id: int) -> None:
    """Delete an organiser's own mail that was never sent."""
    step = lock_step_of(event, step_id)
    if step.kind != MailKind.NOTE.value:
        raise _no_such_step()
    db.session.delete(step)


def find_step(event: Event, step_id: int) -> Step:
    """A step of this event, for reading; raises NotFound."""
    step = db.session.get(Step, step_id, populate_existing=True)
    if step is None or step.event_id != event.id:
        raise _no_such_step()
    return step


def lock_step_of(event: Event, step_id: int, *, waiting: bool = True) -> Step:
    """A step of the event, locked; a step that has run counts as missing if `waiting`."""
    step = lock_step(step_id)
    if step is None or step.event_id != event.id or (waiting and step.outcome):
        raise _no_such_step()
    return step


def lock_step(step_id: int) -> Step | None:
    """Lock the event of a step, then read the step."""
    slug = db.session.scalar(
        select(Event.slug).join(Step, Step.event_id == Event.id).where(Step.id == step_id)
    )
    if slug is None:
        return None
    lock_event(slug)
    return db.session.get(Step, step_id, populate_existing=True)


def is_promised(step: Step) -> bool:
    """Whether the step is the archiving that people were promised; nobody may move it."""
    return step.action == Action.ARCHIVE.value


def _refuse_archive(step: Step) -> None:
    """Raise TransitionRefused for the archiving step: retention is edited with the event."""
    if is_promised(step):
        text = N_("This step keeps a promise; change the retention period of the event instead.")
        raise TransitionRefused(Complaint(text))


def _no_such_step() -> NotFound:
    return NotFound(Complaint(N_("There is no such step, or it has already run.")))
