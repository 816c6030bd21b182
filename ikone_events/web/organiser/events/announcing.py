"""Announcing: a missing summary, who is written to, and registration at once if wanted."""

from collections.abc import Sequence

from flask import abort, redirect, request, url_for

from ikone_events.domain.events.lifecycle import (
    ACTION_LABELS,
    Action,
    State,
    TransitionRule,
    complaints,
    find_rule,
    plan,
)
from ikone_events.domain.mails.audiences import AUDIENCE_LABELS
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import Refusal, SomebodyWasFaster, TransitionRefused, UnfitInput
from ikone_events.services.events.combined_actions import announce, lacks_summary
from ikone_events.services.events.transitions import Done, Request, facts_for, facts_of
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import Sending
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.events.announce_form import (
    AnnounceForm,
    announce_form,
    everybody_words,
    recipients_of,
    sendings_of,
    shown_of,
)
from ikone_events.web.organiser.events.event_page import show_event
from ikone_events.web.organiser.events.undo_words import mails_words
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    event_url,
    flash_at,
    seen_event,
    show_complaints,
    translate_all,
)
from ikone_events.web.organiser.mails.preview_page import SendButton, show_preview
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

SUMMARY = "summary"


@blueprint.route("/events/<slug>/preview/announce", methods=["GET", "POST"])
@permission(Permission.EDIT_EVENTS)
@keeps_input
def preview_announcement(slug: str) -> Answer:
    """Show whom the announcement is sent to, with the summary that was typed."""
    event = seen_event(slug)
    if find_rule(Action.ANNOUNCE, State(event.state)) is None:
        plan(Action.ANNOUNCE, facts_for(Action.ANNOUNCE, event, now()))  # refuses
    return _page(event, announce_form(event))


def announced_sending(event: Event, rule: TransitionRule) -> Sending:
    """Return what the preview shows, with what was typed and chosen on its page."""
    return shown_of(sendings_of(event, rule, announce_form(event)))


def show_announcement(event: Event) -> str:
    """Render the page with nothing typed."""
    return _page(event, announce_form(event, empty=True))


@blueprint.post("/events/<slug>/do/announce")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def do_announce(slug: str) -> Answer:
    """Announce the event; with `also` = open registration begins in the same transaction."""
    form = announce_form(seen_event(slug))
    opens = request.form.get("also") == Action.OPEN.value
    shown = request.form.get("state", "")
    if shown not in list(State):
        abort(422)
    try:
        if not form.validate():
            raise UnfitInput(())
        wish = Request(
            action=Action.ANNOUNCE,
            actor=actor(),
            expected=State(shown),
            waits=True,
            recipients=recipients_of(form),
        )
        with transaction():
            done = announce(slug, wish, summary=form.summary.data or "", opens=opens, now=now())
    except (SomebodyWasFaster, TransitionRefused, UnfitInput) as refusal:
        return _refused(slug, form, refusal)
    flash_at("opened", _done_words(done))
    return redirect(event_url(done.event), 303)


def _done_words(done: Done) -> str:
    words = _("The event is announced.")
    if done.rule.action is Action.OPEN:
        words = _("The event is announced, and registration is open.")
    return f"{words} {mails_words(done.event)}".rstrip()


def _refused(slug: str, form: AnnounceForm, refusal: Refusal) -> Answer:
    event = seen_event(slug)
    unfit = isinstance(refusal, UnfitInput)
    if isinstance(refusal, SomebodyWasFaster) or event.state != State.DRAFT.value:
        return show_event(event, refused=refusal.complaints), 422 if unfit else 409
    show_complaints(form, refusal.complaints)
    return _page(event, form), 422 if unfit else 409


def _page(event: Event, form: AnnounceForm) -> str:
    rule = find_rule(Action.ANNOUNCE, State(event.state))
    if rule is None:  # plan() refuses in the words of the lifecycle
        rule = plan(Action.ANNOUNCE, facts_for(Action.ANNOUNCE, event, now()))
    sendings = sendings_of(event, rule, form)
    sending = shown_of(sendings)
    facts = facts_of(sending.then, now(), reads=())
    asked = complaints(rule, facts)
    opening = find_rule(Action.OPEN, State.ANNOUNCED)
    return show_preview(
        sending,
        _buttons(event, translate_all(c for c in asked if c.about != SUMMARY)),
        template="organiser/events/announce.html",
        data_page="announce",
        form=form,
        lacks_summary=lacks_summary(event),
        not_open=translate_all(complaints(opening, facts)) if opening else [],
        everybody=everybody_words(sendings),
        shown=sending.message.audience,
        parts=[
            (each.message.audience, _(AUDIENCE_LABELS[each.message.audience]), each is sending)
            for each in sendings
        ],
    )


def _buttons(event: Event, missing: Sequence[str]) -> SendButton:
    label = _(ACTION_LABELS[Action.ANNOUNCE])
    text_url = url_for("organiser.event_text", slug=event.slug, kind=MailKind.ANNOUNCEMENT.value)
    return SendButton(
        title=label,
        what=_("The event gets a public page. You can open registration at once, or later."),
        here=url_for("organiser.preview_announcement", slug=event.slug),
        send=url_for("organiser.do_announce", slug=event.slug),
        send_label=label,
        back=event_url(event),
        form="announcement",
        complaints=tuple(missing),
        more=((_("Change the text"), text_url),),
    )
