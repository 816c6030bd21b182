"""The steps of an event as rows: created from its plan, moved with its dates, finished."""

import json
import secrets
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from ikone_events.domain.events.facts import EventFormat, State
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import What, is_moot
from ikone_events.domain.plan.templates import PLANS, Planned, plan_for
from ikone_events.domain.plan.times import Anchor, Anchors, Timing, Unit, check_timing, due_at
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.public_holidays import public_holidays
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import retention_until
from ikone_events.store.plan.models import Step

DONE, SKIPPED, EXPIRED, MOOT = "done", "skipped", "expired", "moot"
PLAN = "plan"
# Materials are added one after the other, and the follow-up is mailed once.
_TIME_FOR_MORE = timedelta(hours=1)

_PAST_ALREADY = Complaint(
    N_("Its time had passed when the steps were planned. Give it a new time if it is still to run.")
)
OBSOLETE = Complaint(N_("The event had already gone past it."))
_FORGOTTEN = Complaint(N_("All names have been deleted; the event keeps its status."))
_NO_LINK = Complaint(N_("The access link was never sent."))
_CALLED_OFF = Complaint(N_("The event has been cancelled."))


def steps_of(event: Event) -> list[Step]:
    """The steps of an event, ordered by time."""
    wanted = select(Step).where(Step.event_id == event.id).order_by(Step.due_at, Step.id)
    return list(db.session.scalars(wanted))


def anchors_of(event: Event) -> Anchors:
    """The dates of an event that steps depend on."""
    return Anchors(
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        deadline=event.deadline,
        retention_until=retention_until(event),
        zone=event.zone,
    )


def timing_of(step: Step) -> Timing:
    """The timing of a step as a value of the domain."""
    fixed = step.anchor == Anchor.FIXED
    return Timing(
        anchor=Anchor(step.anchor),
        amount=step.amount,
        unit=Unit(step.unit),
        at=time.fromisoformat(step.at) if step.at else None,
        office_hours=step.office_hours,
        fixed=step.due_at if fixed else None,
    )


def what_of(step: Step) -> What:
    """What a step does."""
    return What(
        action=Action(step.action) if step.action else None,
        kind=MailKind(step.kind) if step.kind else None,
    )


def create_plan(event: Event, *, now: datetime) -> None:
    """Add missing steps of the plan to an event, and delete waiting steps of another plan.

    Steps whose time has passed are created as expired, so that creating a plan sends nothing.
    """
    plan = plan_for(EventFormat(event.format), event.plan or "")
    event.plan = plan.value
    planned = {step.name: step for step in PLANS[plan]}
    present = {step.name: step for step in steps_of(event)}
    for name, step in present.items():
        if name not in planned and step.kind != MailKind.NOTE.value and not step.outcome:
            db.session.delete(step)
    anchors = anchors_of(event)
    missing = [new for name, new in planned.items() if name not in present]
    db.session.add_all(_new_step(event, new, anchors, now=now) for new in missing)
    db.session.flush()


def events_without_plan() -> list[str]:
    """The slugs of events that an older version of this program created without steps."""
    return list(db.session.scalars(select(Event.slug).where(Event.plan == "").order_by(Event.id)))


def _new_step(event: Event, planned: Planned, anchors: Anchors, *, now: datetime) -> Step:
    step = Step(
        event_id=event.id,
        name=planned.name,
        action=planned.what.action.value if planned.what.action else "",
        kind=planned.what.kind.value if planned.what.kind else "",
        audience=planned.audience.value if planned.audience else "",
        active=planned.active,
    )
    set_timing(step, planned.timing, anchors)
    if is_moot(planned.what, State(event.state)):
        finish(step, MOOT, PLAN, OBSOLETE, now=now)
    else:
        expire_if_past(step, now=now)
    return step


def expire_if_past(step: Step, *, now: datetime) -> None:
    """Let a step of a new plan wait, unless its time has passed."""
    if step.due_at < now and step.action != Action.ARCHIVE.value:
        finish(step, EXPIRED, PLAN, _PAST_ALREADY, now=now)
    else:
        reopen(step)


def set_timing(step: Step, timing: Timing, anchors: Anchors) -> None:
    """Set the timing of a step and the time at which it is due."""
    check_timing(timing)
    step.anchor, step.amount, step.unit = timing.anchor.value, timing.amount, timing.unit.value
    step.at = timing.at.strftime("%H:%M") if timing.at else ""
    step.office_hours = timing.office_hours
    step.due_at = due_at(timing, anchors, is_holiday)


def add_message(
    event: Event,
    *,
    title: str,
    audience: Audience,
    timing: Timing,
    organisation_id: int | None = None,
) -> Step:
    """Add an own message of the organisers as a step; its text has the name of the step."""
    step = Step(
        event_id=event.id,
        name=f"own-{secrets.token_hex(8)}",
        kind=MailKind.NOTE.value,
        audience=audience.value,
        organisation_id=organisation_id,
        title=title,
    )
    set_timing(step, timing, anchors_of(event))
    db.session.add(step)
    db.session.flush()
    return step


def move_steps(event: Event, *, now: datetime, anew: bool = False) -> None:
    """Move the steps of an event whose dates have changed.

    Sent mails and expired steps wait again if their new time is in the future; with `anew` (new
    date of a postponed event) also the transitions that its state leaves to do. Skipped steps stay
    skipped.
    """
    anchors = anchors_of(event)
    for step in steps_of(event):
        if step.anchor == Anchor.FIXED:
            continue
        before = step.due_at
        step.due_at = due_at(timing_of(step), anchors, is_holiday)
        moved_ahead = step.due_at != before and step.due_at > now
        if _waits_again(step, moved_ahead=moved_ahead, anew=anew):
            reopen(step)
    db.session.flush()


def _waits_again(step: Step, *, moved_ahead: bool, anew: bool) -> bool:
    if step.outcome in ("", SKIPPED):
        return False
    if anew and step.action not in ("", Action.ANNOUNCE.value):
        return not is_moot(what_of(step), State(step.event.state))
    return moved_ahead and (step.outcome == EXPIRED or not step.action)


def finish(step: Step, outcome: str, actor: str, *reasons: Complaint, now: datetime) -> None:
    """Store the outcome of a step, with actor and reasons."""
    step.outcome, step.outcome_at, step.actor = outcome, now, actor
    step.reasons = json.dumps([[c.text, dict(c.values)] for c in reasons], default=str)


def reopen(step: Step) -> None:
    """Remove the outcome of a step, so that it waits again."""
    step.outcome, step.outcome_at, step.actor, step.reasons = "", None, "", ""


def reasons_of(step: Step) -> tuple[Complaint, ...]:
    """The reasons for the outcome of a step, as they were stored."""
    return tuple(Complaint(text, values) for text, values in json.loads(step.reasons or "[]"))


def leave_time_for_more(event: Event, action: Action, *, now: datetime) -> None:
    """Let a step that is overdue, or nearly due, wait: what it mails may not be complete yet."""
    until = now + _TIME_FOR_MORE
    for step in steps_of(event):
        if step.action == action.value and not step.outcome and step.due_at < until:
            set_timing(step, Timing(anchor=Anchor.FIXED, fixed=until), anchors_of(event))


def mark_performed(event: Event, action: Action, actor: str, *, now: datetime) -> Step | None:
    """After a transition: mark its step as done, even if skipped or expired, and others as moot.

    Returns the step of the transition, if there is one.
    """
    performed = None
    for step in steps_of(event):
        if step.action == action.value and step.outcome in ("", SKIPPED, EXPIRED):
            finish(step, DONE, actor, now=now)
            performed = step
        elif not step.outcome and is_moot(what_of(step), State(event.state)):
            called_off = event.state == State.CANCELLED.value
            finish(step, MOOT, actor, _CALLED_OFF if called_off else OBSOLETE, now=now)
    return performed


def ask_no_feedback(event: Event, actor: str, *, now: datetime) -> None:
    """Finish the request for feedback if people could not take part: the link was never sent."""
    if event.format == EventFormat.ON_SITE.value:
        return
    for step in steps_of(event):
        if step.kind == MailKind.FEEDBACK.value and not step.outcome:
            finish(step, MOOT, actor, _NO_LINK, now=now)


def mark_forgotten(event: Event, actor: str, *, now: datetime) -> None:
    """Finish all steps after the persons of an event that can't be archived were anonymised."""
    for step in steps_of(event):
        if not step.outcome:
            outcome = DONE if step.action == Action.ARCHIVE.value else MOOT
            finish(step, outcome, actor, _FORGOTTEN, now=now)


def is_holiday(day: date) -> bool:
    """Whether the day is a public holiday in the region of IKONE_HOLIDAYS."""
    return day in public_holidays(get_installation().settings.holidays, day.year)
