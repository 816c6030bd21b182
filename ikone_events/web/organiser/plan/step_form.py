"""The page that changes the time of a step."""

from datetime import datetime

from flask import flash, redirect, render_template
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField
from wtforms.validators import InputRequired

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.times import ANCHOR_LABELS, Anchor, Timing, Unit
from ikone_events.domain.refusals import N_, Complaint, NotFound, TransitionRefused, UnfitInput
from ikone_events.services.installation import now
from ikone_events.services.plan import step_editing
from ikone_events.services.plan.plans import DONE, MOOT, timing_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.plan.models import Step
from ikone_events.web.organiser.fields import (
    ClockTime,
    LocalTime,
    WholeNumber,
    local_time,
    moment_of,
)
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, show_complaints
from ikone_events.web.organiser.plan.plan import STEP, name_of, plan_url, show_gone, show_plan
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import TeamForm, keeps_input

BEFORE, AFTER = "before", "after"
# Only the deletion of names may refer to the end of the retention period.
_ANCHORS = (Anchor.START, Anchor.END, Anchor.DEADLINE)


class StepForm(TeamForm):
    """The time of a step: an offset from a date of the event, or a date of its own."""

    amount = WholeNumber(_l("Distance"), default=0, render_kw={"min": 0, "inputmode": "numeric"})
    unit = SelectField(
        _l("Unit"),
        choices=[
            (Unit.MINUTES.value, _l("Minutes")),
            (Unit.HOURS.value, _l("Hours")),
            (Unit.DAYS.value, _l("Days")),
            (Unit.WORKING_DAYS.value, _l("Working days")),
        ],
    )
    direction = SelectField(_l("Direction"), choices=[(BEFORE, _l("before")), (AFTER, _l("after"))])
    anchor = SelectField(_l("Which date"), [InputRequired()])
    at = ClockTime(_l("Time of day"))
    office_hours = BooleanField(_l("Only on working days between 8:00 and 18:00"))
    fixed = LocalTime(_l("Date of its own"))


@blueprint.get(STEP)
@permission(Permission.EDIT_EVENTS)
def step(slug: str, step_id: int) -> Answer:
    """Show the time of a step in a form."""
    event = seen_event(slug)
    found = step_editing.find_step(event, step_id)
    if step_editing.is_promised(found):
        text = N_("This step keeps a promise; change the retention period of the event instead.")
        return show_plan(event, refused=[Complaint(text)]), 409
    if found.outcome in (DONE, MOOT):
        return show_gone(event, step_id)
    return _page(_form(found, **_values_of(found, event)), event, found)


@blueprint.post(STEP)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_step(slug: str, step_id: int) -> Answer:
    """Save the new time of a step."""
    event = seen_event(slug)
    found = step_editing.find_step(event, step_id)
    form = _form(found)
    try:
        timing = timing_from(form, event) if form.validate() else None
        if timing is None:
            return _page(form, event, found), 422
        with transaction():
            moved = step_editing.retime(event, step_id, timing, now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(form, seen_event(slug), step_editing.find_step(event, step_id)), 422
    except NotFound:
        return show_gone(seen_event(slug), step_id)
    except TransitionRefused as refusal:
        return show_plan(seen_event(slug), refused=refusal.complaints), 409
    when = moment_words(moved.due_at, event.zone)
    flash(_("Saved. “%(step)s” runs at: %(when)s.", step=name_of(moved), when=when), "success")
    return redirect(plan_url(event, step_id), 303)


def _form(step: Step, **values: object) -> StepForm:
    """Return the form with the anchors that this step may have."""
    form = StepForm(**values)
    own = step.kind == MailKind.NOTE.value
    anchors = (*_ANCHORS, Anchor.FIXED) if own else _ANCHORS
    form.anchor.choices = [(anchor.value, _(ANCHOR_LABELS[anchor])) for anchor in anchors]
    return form


def _values_of(step: Step, event: Event) -> dict[str, object]:
    timing = timing_of(step)
    return {
        "anchor": timing.anchor.value,
        "amount": abs(timing.amount),
        "direction": AFTER if timing.amount > 0 else BEFORE,
        "unit": timing.unit.value,
        "at": timing.at,
        "office_hours": timing.office_hours,
        "fixed": local_time(timing.fixed, event.zone),
    }


def timing_from(form: StepForm, event: Event) -> Timing:
    """Return the timing that the form describes; raises UnfitInput."""
    if form.anchor.data == Anchor.FIXED.value:
        return Timing(anchor=Anchor.FIXED, fixed=_fixed(form, event))
    amount = form.amount.data
    if amount is None or amount < 0:
        text = N_("Please enter a whole number, zero or more.")
        raise UnfitInput(Complaint(text, about="amount"))
    return Timing(
        anchor=Anchor(form.anchor.data),
        amount=-amount if form.direction.data == BEFORE else amount,
        unit=Unit(form.unit.data),
        at=form.at.data,
        office_hours=form.office_hours.data,
    )


def _fixed(form: StepForm, event: Event) -> datetime:
    found: list[Complaint] = []
    moment = moment_of(form.fixed, event.zone, found)
    if moment is None:
        missing = Complaint(N_("Please enter a date and a time."), about="fixed")
        raise UnfitInput(found or missing)
    return moment


def _page(form: StepForm, event: Event, step: Step) -> str:
    return render_template(
        "organiser/plan/step.html",
        event=event,
        form=form,
        step=step,
        name=name_of(step),
        own=step.kind == MailKind.NOTE.value,
        due=moment_words(step.due_at, event.zone),
        back=plan_url(event, step.id),
    )
