"""Actions of the lifecycle: the page that asks first, the action itself, its refusals."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from ikone_events.domain.events.actions import DONE_TEXTS
from ikone_events.domain.events.lifecycle import Action, State, offers, plan, rule_for
from ikone_events.domain.header_text import MOST_REASON
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.refusals import Complaint, SomebodyWasFaster, TransitionRefused, UnfitInput
from ikone_events.services.accounts.security_log import SecurityEvent
from ikone_events.services.events.discarding import finish_discarding
from ikone_events.services.events.transitions import Done, Request, facts_for, perform
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import count
from ikone_events.services.privacy.due_deletions import due_with_archive, table_label
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.events.announcing import show_announcement
from ikone_events.web.organiser.events.changing_date import show_date
from ikone_events.web.organiser.events.choices import (
    GRAVE,
    MOVING,
    UNTOLD_REASON,
    WITH_REASON,
    choices_of,
)
from ikone_events.web.organiser.events.event_page import show_event
from ikone_events.web.organiser.followup.follow_up import send_follow_up
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    event_url,
    flash_at,
    seen_event,
    show_complaints,
)
from ikone_events.web.organiser.plan.step_words import sent_words
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import TextField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input, refuse_shown_again
from ikone_events.web.shell.security_events import record


class ActionForm(FlaskForm):
    """The reason that some actions ask for."""

    reason = TextField(_l("Reason"), render_kw={"rows": 4, "maxlength": MOST_REASON})


@blueprint.get("/events/<slug>/do/<action>")
@permission(Permission.EDIT_EVENTS)
def ask(slug: str, action: str) -> Answer:
    """Show what an action does, and ask for what it needs."""
    event, wanted = seen_event(slug), find_action(action)
    facts = facts_for(wanted, event, now())
    if rule_for(wanted, facts) is None:
        plan(wanted, facts)  # refuses in the words of the lifecycle
    if wanted in MOVING:
        return show_date(event, unknown=wanted is Action.POSTPONE)
    if wanted is Action.ANNOUNCE:
        return show_announcement(event)
    if wanted is Action.FOLLOW_UP:
        return redirect(url_for("organiser.follow_up", slug=slug), 303)
    return _ask(event, wanted, ActionForm())


@blueprint.post("/events/<slug>/do/<action>")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def do(slug: str, action: str) -> Answer:
    """Carry out an action if the event is still in the state that the page showed."""
    seen_event(slug)
    wanted, form = find_action(action), ActionForm()
    if wanted is Action.FOLLOW_UP:
        return send_follow_up(slug)
    if wanted in MOVING:
        return redirect(url_for("organiser.ask", slug=slug, action=action), 303)
    try:
        wish = request_of(wanted, form)
        with transaction():
            done = perform(slug, wish, now=now())
    except SomebodyWasFaster as refusal:
        return show_event(seen_event(slug), refused=refusal.complaints), 409
    except (TransitionRefused, UnfitInput) as refusal:
        status = 422 if isinstance(refusal, UnfitInput) else 409
        return refused(seen_event(slug), wanted, form, refusal.complaints), status
    if done.rule.target is None:
        flash(_done_words(done), "success")
        finish_discarding(done.files)
        record(SecurityEvent.EVENT_DISCARDED, slug=slug)
        return redirect(url_for("organiser.events"), 303)
    flash_at("opened" if wanted in SHARED_BY else "next-step", _done_words(done))
    return redirect(event_url(done.event), 303)


# Actions after which the address of the public page is to be passed on.
SHARED_BY = (Action.ANNOUNCE, Action.OPEN, Action.REOPEN)


def _done_words(done: Done) -> str:
    words, mailing = _(DONE_TEXTS[done.rule.action]), done.mailing
    number = count(done.event, Audience(mailing.audience), now=now()) if mailing else 0
    if mailing is None or number == 0:
        return words
    return f"{words} {sent_words(number, mailing.due_at, zone=done.event.zone)}"


def find_action(name: str) -> Action:
    """Return the action of this name; answers 404 for any other name."""
    try:
        return Action(name)
    except ValueError:
        abort(404)


def request_of(action: Action, form: ActionForm) -> Request:
    """Return the request that the form describes; raises UnfitInput."""
    refuse_shown_again()
    return Request(
        action=action,
        actor=actor(),
        expected=_expected(),
        reason=form.reason.data,
        waits=True,
    )


def _expected() -> State:
    """Return the state that the page showed; answers 422 without one."""
    try:
        return State(request.form.get("state", ""))
    except ValueError:
        abort(422)


def refused(
    event: Event, action: Action, form: ActionForm, complaints: tuple[Complaint, ...]
) -> str:
    """Render the form with the complaints, or the event if the action is not offered at all."""
    if rule_for(action, facts_for(action, event, now())) is None:
        return show_event(event, refused=complaints)
    show_complaints(form, complaints)
    return _ask(event, action, form)


def _ask(event: Event, action: Action, form: ActionForm) -> str:
    found = [o for o in offers(facts_for(action, event, now())) if o.rule.action is action]
    return render_template(
        "organiser/events/action.html",
        event=event,
        choice=choices_of(found, event)[0],
        form=form,
        wants_reason=action in WITH_REASON,
        reason_hint=_reason_hint(action),
        grave=action in GRAVE,
        due=due_with_archive(event) if action is Action.ARCHIVE else None,
        table_label=lambda name: _(table_label(name)),
    )


def _reason_hint(action: Action) -> str:
    if action in UNTOLD_REASON:
        return _("It is kept in the history. Nobody is written to.")
    return _(
        "Everybody concerned reads this in their e-mail. One or two sentences in German are enough;"
        " e-mails in English mark them as German."
    )
