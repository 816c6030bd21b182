"""Looking at the mails of an action before it is done."""

from flask import abort, redirect, request, url_for

from ikone_events.domain.events.lifecycle import (
    ACTION_LABELS,
    Action,
    State,
    TransitionRule,
    find_rule,
    offers,
    plan,
)
from ikone_events.domain.refusals import TransitionRefused, UnfitInput
from ikone_events.services.events.transitions import Request, facts_for
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import Sending, sending_of_action
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.events.actions import ActionForm, find_action, refused, request_of
from ikone_events.web.organiser.events.event_page import ASKING, what_it_does
from ikone_events.web.organiser.frame import Answer, blueprint, event_url, say_all, seen_event
from ikone_events.web.organiser.mails.preview_page import (
    SendButton,
    show_html,
    show_preview,
    test_to_myself,
)
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.limits import limited

# A test is for looking at, not for filling mailboxes.
TEST_MAILS = "6 per minute; 60 per hour"


def own_number() -> str:
    """Who asks for a test: the account, not the network."""
    return f"organiser:{organiser().id}"


@blueprint.route("/events/<slug>/preview/<action>", methods=["GET", "POST"])
@permission(Permission.EDIT_EVENTS)
def preview(slug: str, action: str) -> Answer:
    """Recipients, mail and calendar effect of an action; the button that does it."""
    event, wanted, form = seen_event(slug), find_action(action), ActionForm()
    try:
        wish = request_of(event, wanted, form) if form.is_submitted() else None
        if wanted in ASKING:
            plan(wanted, facts_for(wanted, event, now(), wish))
    except (TransitionRefused, UnfitInput) as refusal:
        status = 422 if isinstance(refusal, UnfitInput) else 409
        if not form.is_submitted() and find_rule(wanted, State(event.state)):
            return redirect(url_for("organiser.ask", slug=slug, action=action), 303)
        return refused(event, wanted, form, refusal.complaints), status
    rule = _rule(event, wanted)
    sending = _sending(event, rule, wish)
    return show_preview(sending, _press(event, rule))


@blueprint.post("/events/<slug>/preview/<action>/test")
@permission(Permission.EDIT_EVENTS)
@limited(TEST_MAILS, key_func=own_number)
def test_mail(slug: str, action: str) -> Answer:
    """Send the mail of one person to the organiser who asks, and show the page again."""
    event, wanted, form = seen_event(slug), find_action(action), ActionForm()
    try:
        wish = request_of(event, wanted, form)
    except UnfitInput as refusal:
        return refused(event, wanted, form, refusal.complaints), 422
    rule = _rule(event, wanted)
    sending = _sending(event, rule, wish)
    test_to_myself(sending)
    return show_preview(sending, _press(event, rule))


@blueprint.route("/events/<slug>/preview/<action>/html", methods=["GET", "POST"])
@permission(Permission.EDIT_EVENTS)
def preview_html(slug: str, action: str) -> Answer:
    """The HTML mail of one person, on a page of its own."""
    event, wanted, form = seen_event(slug), find_action(action), ActionForm()
    try:
        wish = request_of(event, wanted, form) if form.is_submitted() else None
    except UnfitInput as refusal:
        return refused(event, wanted, form, refusal.complaints), 422
    return show_html(_sending(event, _rule(event, wanted), wish))


def _rule(event: Event, action: Action) -> TransitionRule:
    """The row of the table; refuses in its own words where there is none."""
    rule = find_rule(action, State(event.state))
    return rule or plan(action, facts_for(action, event, now()))


def _sending(event: Event, rule: TransitionRule, wish: Request | None) -> Sending:
    sending = sending_of_action(
        event,
        rule,
        reason=wish.reason if wish else "",
        new_starts_at=wish.new_starts_at if wish else None,
        new_ends_at=wish.new_ends_at if wish else None,
    )
    if sending is None:
        abort(404)
    return sending


def _press(event: Event, rule: TransitionRule) -> SendButton:
    action = rule.action
    asks = action in ASKING
    offer = next(o for o in offers(facts_for(action, event, now())) if o.rule is rule)
    kept = {"state": event.state}
    if asks:
        kept |= {name: request.form.get(name, "") for name in ("reason", "starts_at", "ends_at")}
    label = _(ACTION_LABELS[action])
    return SendButton(
        title=label,
        what=what_it_does(action),
        here=url_for("organiser.preview", slug=event.slug, action=action.value),
        html=url_for("organiser.preview_html", slug=event.slug, action=action.value),
        test=url_for("organiser.test_mail", slug=event.slug, action=action.value),
        send=url_for("organiser.do", slug=event.slug, action=action.value),
        send_label=label,
        back=url_for("organiser.ask", slug=event.slug, action=action.value)
        if asks
        else event_url(event),
        kept=kept,
        complaints=tuple(say_all(offer.complaints)),
        grave=action is Action.CANCEL,
        asks=asks,
        more=_more(event, rule),
    )


def _more(event: Event, rule: TransitionRule) -> tuple[tuple[str, str], ...]:
    """Where the text that one has just read can be changed."""
    kind = rule.message.kind.value if rule.message else ""
    return ((_("Change the text"), url_for("organiser.event_text", slug=event.slug, kind=kind)),)
