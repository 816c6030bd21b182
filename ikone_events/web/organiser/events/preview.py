"""Preview of the mails that an action of the lifecycle sends."""

from flask import abort, redirect, request, url_for

from ikone_events.domain.events.lifecycle import (
    ACTION_LABELS,
    Action,
    TransitionRule,
    offers,
    plan,
    rule_for,
)
from ikone_events.domain.refusals import TransitionRefused, UnfitInput
from ikone_events.services.events.foresight import runs_by_itself
from ikone_events.services.events.transitions import Request, facts_for
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import Sending, sending_of_action
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.events.actions import (
    ActionForm,
    find_action,
    refused,
    request_of,
)
from ikone_events.web.organiser.events.announcing import announced_sending, preview_announcement
from ikone_events.web.organiser.events.choices import ASKING, MOVING
from ikone_events.web.organiser.frame import Answer, blueprint, event_url, seen_event, translate_all
from ikone_events.web.organiser.mails.preview_page import (
    SendButton,
    limit_tests,
    show_html,
    show_preview,
    test_to_myself,
)
from ikone_events.web.organiser.plan.step_words import action_text, planned_words
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

PREVIEW = "/events/<slug>/preview/<action>"


@blueprint.route(PREVIEW, methods=["GET", "POST"])
@permission(Permission.EDIT_EVENTS)
@keeps_input
def preview(slug: str, action: str) -> Answer:
    """Show recipients, mail and calendar effect of an action, with the button that does it."""
    if find_action(action) is Action.FOLLOW_UP:
        return redirect(url_for("organiser.follow_up", slug=seen_event(slug).slug), 303)
    return _respond(slug, action)


@blueprint.post(f"{PREVIEW}/test")
@permission(Permission.EDIT_EVENTS)
@limit_tests
def test_mail(slug: str, action: str) -> Answer:
    """Send the mail of one person to the organiser and show the page again."""
    return _respond(slug, action, test=True)


@blueprint.route(f"{PREVIEW}/html", methods=["GET", "POST"])
@permission(Permission.EDIT_EVENTS)
def preview_html(slug: str, action: str) -> Answer:
    """Show the HTML mail of one person on a page of its own."""
    return _respond(slug, action, html=True)


def _respond(slug: str, action: str, *, test: bool = False, html: bool = False) -> Answer:
    event, wanted, form = seen_event(slug), find_action(action), ActionForm()
    if wanted in MOVING:
        return redirect(url_for("organiser.ask", slug=slug, action=action), 303)
    try:
        wish = request_of(wanted, form) if form.is_submitted() else None
        if wanted in ASKING:
            plan(wanted, facts_for(wanted, event, now(), wish))
    except (TransitionRefused, UnfitInput) as refusal:
        status = 422 if isinstance(refusal, UnfitInput) else 409
        if not form.is_submitted() and rule_for(wanted, facts_for(wanted, event, now())):
            return redirect(url_for("organiser.ask", slug=slug, action=action), 303)
        return refused(event, wanted, form, refusal.complaints), status
    facts = facts_for(wanted, event, now())
    rule = rule_for(wanted, facts)
    if rule is None:  # plan() refuses in the words of the lifecycle
        rule = plan(wanted, facts)
    if wanted is Action.ANNOUNCE:
        sending = announced_sending(event, rule)
    else:
        sending = _sending(event, rule, wish)
    if html:
        return show_html(sending)
    if test:
        test_to_myself(sending)
    if wanted is Action.ANNOUNCE:
        return preview_announcement(slug)
    return show_preview(sending, _buttons(event, rule))


def _sending(event: Event, rule: TransitionRule, wish: Request | None) -> Sending:
    reason = wish.reason if wish else ""
    sending = sending_of_action(event, rule, now=now(), reason=reason)
    if sending is None:
        abort(404)
    return sending


def _buttons(event: Event, rule: TransitionRule) -> SendButton:
    action = rule.action
    asks = action in ASKING
    offer = next(o for o in offers(facts_for(action, event, now())) if o.rule is rule)
    kept = {"state": event.state}
    if asks:
        kept["reason"] = request.form.get("reason", "")
    label = _(ACTION_LABELS[action])
    planned = planned_words(runs_by_itself(event, now()).get(action), event)
    words = (action_text(action, event), planned)
    kind = rule.message.kind.value if rule.message else ""
    text_url = url_for("organiser.event_text", slug=event.slug, kind=kind)
    return SendButton(
        title=label,
        what=" ".join(filter(None, words)),
        here=url_for("organiser.preview", slug=event.slug, action=action.value),
        send=url_for("organiser.do", slug=event.slug, action=action.value),
        send_label=label,
        back=url_for("organiser.ask", slug=event.slug, action=action.value)
        if asks
        else event_url(event),
        kept=kept,
        complaints=tuple(translate_all(offer.complaints)),
        grave=action is Action.CANCEL,
        asks=asks,
        more=((_("Change the text"), text_url),),
    )
