"""The plan of one event, and the buttons that run, skip or switch its steps."""

from collections.abc import Callable, Iterable

from flask import abort, get_flashed_messages, redirect, render_template, request, url_for

from ikone_events.domain.events.actions import DONE_TEXTS
from ikone_events.domain.events.history import NO_PAST
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    NotFound,
    SomebodyWasFaster,
    TransitionRefused,
)
from ikone_events.services.events import steps
from ikone_events.services.events.transitions import facts_of
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import count
from ikone_events.services.mails.mailing_progress import running_mailings
from ikone_events.services.plan import step_editing
from ikone_events.services.plan.plans import what_of
from ikone_events.services.plan.step_mails import message_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing
from ikone_events.store.plan.models import Step
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    seen_event,
    translate_all,
)
from ikone_events.web.organiser.mails.mailing_words import counts_words, mailing_label
from ikone_events.web.organiser.plan.step_views import plan_view, rest_note
from ikone_events.web.organiser.plan.step_words import sent_words, step_label
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _

STEP = "/events/<slug>/steps/<int(max=2147483647):step_id>"


@blueprint.get("/events/<slug>/mail", endpoint="mail")
@permission(Permission.SEE_EVENTS)
def show(slug: str) -> str:
    """Show all steps in the order of their time."""
    return show_plan(seen_event(slug))


def show_plan(event: Event, *, refused: Iterable[Complaint] = ()) -> str:
    """Render the plan of an event, with the complaints of a refusal on top."""
    view = plan_view(event, facts_of(event, now(), past=NO_PAST))
    return render_template(
        "organiser/plan/steps.html",
        event=event,
        view=view,
        places=[f"step-{row.id}" for row in (*view.blocked, *view.coming, *view.past) if row.id],
        told_in_past=_has_flash({f"step-{row.id}" for row in view.past if row.id}),
        running=running_mailings(event, now()),
        mailing_label=mailing_label,
        counts_words=counts_words,
        rests=rest_note(event) if view.resting else "",
        refused=translate_all(refused),
    )


def _has_flash(places: set[str]) -> bool:
    """Whether a flash is shown at one of these places."""
    flashes: list[tuple[str, str]] = get_flashed_messages(with_categories=True)  # type: ignore[assignment]
    return any(category.partition("@")[2] in places for category, _text in flashes)


@blueprint.post(f"{STEP}/run")
@permission(Permission.EDIT_EVENTS)
def run_step(slug: str, step_id: int) -> Answer:
    """Run a step at once."""

    def run(event: Event) -> str:
        step = step_editing.find_step(event, step_id)
        mailing = steps.run_now(event, step_id, actor=actor(), now=now(), waits=True)
        return _what_ran(step, event, mailing)

    return _press(slug, step_id, run)


@blueprint.post(f"{STEP}/skip")
@permission(Permission.EDIT_EVENTS)
def skip_step(slug: str, step_id: int) -> Answer:
    """Skip a step."""

    def skip(event: Event) -> str:
        step = step_editing.skip(event, step_id, actor=actor(), now=now())
        return _("“%(step)s” will be skipped.", step=name_of(step))

    return _press(slug, step_id, skip)


@blueprint.post(f"{STEP}/take-back")
@permission(Permission.EDIT_EVENTS)
def take_back_step(slug: str, step_id: int) -> Answer:
    """Undo the skipping of a step."""
    return _press(
        slug, step_id, lambda event: _comes(step_editing.take_back(event, step_id), event)
    )


@blueprint.post(f"{STEP}/switch")
@permission(Permission.EDIT_EVENTS)
def switch_step(slug: str, step_id: int) -> Answer:
    """Switch a step on or off, as the form says."""

    def switch(event: Event) -> str:
        step_editing.find_step(event, step_id)
        active = {"on": True, "off": False}.get(request.form.get("to", ""))
        if active is None:
            abort(422)
        step = step_editing.switch(event, step_id, active=active)
        if active:
            return _comes(step, event)
        return _("“%(step)s” has been switched off.", step=name_of(step))

    return _press(slug, step_id, switch)


@blueprint.post(f"{STEP}/delete")
@permission(Permission.EDIT_EVENTS)
def delete_step(slug: str, step_id: int) -> Answer:
    """Delete an organiser's own message that was never sent."""

    def delete(event: Event) -> str:
        name = name_of(step_editing.find_step(event, step_id))
        step_editing.remove_message(event, step_id)
        return _("“%(step)s” has been deleted.", step=name)

    return _press(slug, step_id, delete)


def name_of(step: Step) -> str:
    """Return the label of a step in the language of the page."""
    return step_label(step, what_of(step).label)


def plan_url(event: Event, step_id: int | None = None) -> str:
    """Return the address of an event's plan, or of one step in it."""
    place = f"step-{step_id}" if step_id else None
    return url_for("organiser.mail", slug=event.slug, _anchor=place)


def show_gone(event: Event, step_id: int) -> Answer:
    """Show the plan after somebody else has changed a step; raises NotFound for a foreign step."""
    step_editing.find_step(event, step_id)
    text = N_("Somebody was faster: this step is not as you saw it any more.")
    return show_plan(event, refused=[Complaint(text)]), 409


def _press(slug: str, step_id: int, do: Callable[[Event], str]) -> Answer:
    """Change a step and go back to the plan; on a refusal show the plan with its complaints."""
    event = seen_event(slug)
    try:
        with transaction():
            message = do(event)
    except NotFound:
        return show_gone(seen_event(slug), step_id)
    except (TransitionRefused, SomebodyWasFaster) as refusal:
        return show_plan(seen_event(slug), refused=refusal.complaints), 409
    flash_at(f"step-{step_id}", message)
    return redirect(plan_url(event, step_id), 303)


def _comes(step: Step, event: Event) -> str:
    """Return that a step is in the plan again, and when it runs."""
    if step.due_at <= now():
        return _(
            "“%(step)s” is scheduled again. It is due, so it runs within a minute.",
            step=name_of(step),
        )
    when = moment_words(step.due_at, event.zone)
    return _("“%(step)s” is scheduled again: %(when)s.", step=name_of(step), when=when)


def _what_ran(step: Step, event: Event, mailing: Mailing | None) -> str:
    """Return what is true now, and to how many people the mail is sent."""
    action, message = what_of(step).action, message_of(step)
    words = _(DONE_TEXTS[action]) if action else ""
    if mailing is not None and message is not None:
        number = count(
            event,
            message.audience,
            now=now(),
            organisation_id=step.organisation_id,
            step_id=step.id,
        )
        if number:
            own = step.kind == MailKind.NOTE.value
            sent = sent_words(number, mailing.due_at, zone=event.zone, own=own)
            return f"{words} {sent}".lstrip()
    return words or _("“%(step)s” has been carried out. Nobody is written to.", step=name_of(step))
