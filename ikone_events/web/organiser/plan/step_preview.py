"""Preview of the mails that a step of the plan sends."""

from flask import url_for

from ikone_events.domain.events.lifecycle import RULES, Action, State, find_rule
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.times import Anchor
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services.events.steps import obstacles_of
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import Sending, sending_of_action, sending_of_step
from ikone_events.services.plan.step_editing import find_step
from ikone_events.store.events.models import Event
from ikone_events.store.plan.models import Step
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, translate_all
from ikone_events.web.organiser.mails.preview_page import (
    SendButton,
    limit_tests,
    show_html,
    show_preview,
    test_to_myself,
)
from ikone_events.web.organiser.plan.plan import STEP, name_of, plan_url
from ikone_events.web.organiser.plan.step_words import action_text
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _


@blueprint.get(f"{STEP}/preview")
@permission(Permission.SEE_EVENTS)
def preview_step(slug: str, step_id: int) -> Answer:
    """Show recipients, mail and calendar effect of a step."""
    step = find_step(seen_event(slug), step_id)
    return show_preview(_sending(step), _buttons(step))


@blueprint.get(f"{STEP}/preview/html")
@permission(Permission.SEE_EVENTS)
def preview_step_html(slug: str, step_id: int) -> Answer:
    """Show the HTML mail of one person on a page of its own."""
    return show_html(_sending(find_step(seen_event(slug), step_id)))


@blueprint.post(f"{STEP}/preview/test")
@permission(Permission.EDIT_EVENTS)
@limit_tests
def test_step(slug: str, step_id: int) -> Answer:
    """Send the mail of one person to the organiser and show the page again."""
    step = find_step(seen_event(slug), step_id)
    sending = _sending(step)
    test_to_myself(sending)
    return show_preview(sending, _buttons(step))


def _sending(step: Step) -> Sending:
    """Return what the step sends, even if the event's state does not allow it yet."""
    if step.kind:
        return sending_of_step(step, now=now())
    action = Action(step.action)
    planned = next((rule for rule in RULES if rule.action is action and rule.message), None)
    rule = find_rule(action, State(step.event.state)) or planned
    sending = sending_of_action(step.event, rule, now=now()) if rule else None
    if sending is None:
        raise NotFound(Complaint(N_("This step writes to nobody.")))
    return sending


def _buttons(step: Step) -> SendButton:
    event, done = step.event, bool(step.outcome)
    complaints = () if done else obstacles_of(step, now())
    return SendButton(
        title=name_of(step),
        what=_what(step),
        here=url_for("organiser.preview_step", slug=event.slug, step_id=step.id),
        send="" if done else url_for("organiser.run_step", slug=event.slug, step_id=step.id),
        send_label=_("Send now"),
        back=plan_url(event, step.id),
        complaints=tuple(translate_all(complaints)),
        more=() if done else _more(step, event),
        schedule=_schedule(step, event),
        schedule_label=_("Send on %(when)s", when=moment_words(step.due_at, event.zone)),
    )


def _more(step: Step, event: Event) -> tuple[tuple[str, str], ...]:
    """Return the labels and addresses of the pages that edit the text and the time."""
    time = (_("Change the time"), url_for("organiser.step", slug=event.slug, step_id=step.id))
    kind = step.name if step.kind == MailKind.NOTE.value else step.kind
    if not kind:
        return (time,)
    text = (_("Change the text"), url_for("organiser.event_text", slug=event.slug, kind=kind))
    return text, time


def _schedule(step: Step, event: Event) -> str:
    """Return the address that switches on a coming mail that is off; "" for other steps."""
    if step.outcome or step.active or step.due_at <= now():
        return ""
    return url_for("organiser.switch_step", slug=event.slug, step_id=step.id)


def _what(step: Step) -> str:
    if step.action:
        return action_text(Action(step.action), step.event)
    if step.outcome:
        return _("This step is done; nothing more will be sent.")
    if step.anchor == Anchor.FIXED.value and not step.active:
        return _("Nothing is sent until you choose “Send now”.")
    when = moment_words(step.due_at, step.event.zone)
    if not step.active:
        return _("This step is switched off; its time would be %(when)s.", when=when)
    return _("It is sent automatically: %(when)s.", when=when)
