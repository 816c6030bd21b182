"""Announcing: a missing summary, who is written to, and registration at once if wanted."""

from collections.abc import Sequence
from dataclasses import replace

from flask import abort, redirect, request, url_for
from flask_babel import lazy_gettext as _l

from ikone_events.domain.events.lifecycle import (
    ACTION_LABELS,
    Action,
    State,
    TransitionRule,
    complaints,
    find_rule,
    plan,
)
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import (
    Refusal,
    SomebodyWasFaster,
    TransitionRefused,
    UnfitInput,
)
from ikone_events.services.events.announcing import announce, lacks_summary
from ikone_events.services.events.transitions import Done, Request, facts_for, facts_of
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import Sending, sending_of_action, total_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.event_versions import as_if
from ikone_events.web.organiser.events.event_page import show_event
from ikone_events.web.organiser.events.undo_words import mails_words
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    event_url,
    flash_at,
    place,
    say_all,
    seen_event,
)
from ikone_events.web.organiser.mails.preview_page import SendButton, show_preview
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import TextField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import TeamForm, keeps_input

SUMMARY = "summary"


class AnnounceForm(TeamForm):
    """What an announcement may still lack."""

    summary = TextField(_l("Summary"), render_kw={"rows": 3, "maxlength": 20_000})


@blueprint.route("/events/<slug>/preview/announce", methods=["GET", "POST"])
@permission(Permission.EDIT_EVENTS)
@keeps_input
def preview_announcement(slug: str) -> Answer:
    """Show whom the announcement is sent to, with the summary that was typed."""
    event = seen_event(slug)
    if find_rule(Action.ANNOUNCE, State(event.state)) is None:
        plan(Action.ANNOUNCE, facts_for(Action.ANNOUNCE, event, now()))  # refuses
    return _page(event, AnnounceForm())


def show_announcement(event: Event) -> str:
    """Render the page with nothing typed."""
    return _page(event, AnnounceForm(formdata=None))


@blueprint.post("/events/<slug>/do/announce")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def do_announce(slug: str) -> Answer:
    """Announce the event; with `also` = open registration begins in the same transaction."""
    seen_event(slug)
    form = AnnounceForm()
    opens = request.form.get("also") == Action.OPEN.value
    shown = request.form.get("state", "")
    if shown not in list(State):
        abort(422)
    try:
        if not form.validate():
            raise UnfitInput(())
        wish = Request(action=Action.ANNOUNCE, actor=actor(), expected=State(shown), waits=True)
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
    place(form, refusal.complaints)
    return _page(event, form), 422 if unfit else 409


def _page(event: Event, form: AnnounceForm) -> str:
    rule = find_rule(Action.ANNOUNCE, State(event.state))
    if rule is None:  # plan() refuses in the words of the lifecycle
        rule = plan(Action.ANNOUNCE, facts_for(Action.ANNOUNCE, event, now()))
    typed = (form.summary.data or "") if lacks_summary(event) else ""
    sending = _sending(event, rule, typed)
    facts = facts_of(sending.then, now(), reads=())
    asked = complaints(rule, facts)
    opening = find_rule(Action.OPEN, State.ANNOUNCED)
    return show_preview(
        sending,
        _buttons(event, typed, say_all(c for c in asked if c.about != SUMMARY)),
        template="organiser/events/announce.html",
        data_page="announce",
        form=form,
        lacks_summary=lacks_summary(event),
        not_open=say_all(complaints(opening, facts)) if opening else [],
        number=total_of(sending),
    )


def _sending(event: Event, rule: TransitionRule, summary: str) -> Sending:
    """Return what is sent with this summary."""
    sending = sending_of_action(event, rule)
    if sending is None:
        raise RuntimeError("an announcement has a mail")
    if not summary:
        return sending
    changed = as_if(sending.then, {"summary": summary}, materials=event.materials)
    return replace(sending, then=changed)


def _buttons(event: Event, summary: str, missing: Sequence[str]) -> SendButton:
    label = _(ACTION_LABELS[Action.ANNOUNCE])
    text_url = url_for("organiser.event_text", slug=event.slug, kind=MailKind.ANNOUNCEMENT.value)
    return SendButton(
        title=label,
        what=_("The event gets a public page. You can open registration at once, or later."),
        here=url_for("organiser.preview_announcement", slug=event.slug),
        send=url_for("organiser.do_announce", slug=event.slug),
        send_label=label,
        back=event_url(event),
        kept={"state": event.state, SUMMARY: summary},
        complaints=tuple(missing),
        asks=bool(summary),
        more=((_("Change the text"), text_url),),
    )
