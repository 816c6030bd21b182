"""Each mail after an event as one person gets it: follow-up, supplement, answers."""

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import abort, flash, redirect, url_for

from ikone_events.domain.events.lifecycle import Message
from ikone_events.domain.mails.kinds import LABELS
from ikone_events.domain.refusals import StatusRefused
from ikone_events.services.followup.answers import ANSWER, send_answers
from ikone_events.services.followup.sending import SUPPLEMENT, new_materials, send_supplement
from ikone_events.services.installation import now
from ikone_events.services.mails.drafts import (
    Sending,
    sending_of_message,
    sending_of_version,
    total_of,
)
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing
from ikone_events.web.organiser.followup.follow_up import VERSIONS, stage_of, version_label
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    seen_event,
    translate_all,
)
from ikone_events.web.organiser.mails.preview_page import (
    SendButton,
    limit_tests,
    show_html,
    show_preview,
    test_to_myself,
)
from ikone_events.web.organiser.plan.step_words import sent_words
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _

_PATH = "/events/<slug>/follow-up/<what>"
# What can be sent from its preview.
_LATER: Mapping[str, tuple[Message, Callable[..., Mailing]]] = {
    "supplement": (SUPPLEMENT, send_supplement),
    "answers": (ANSWER, send_answers),
}


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def follow_up_preview(slug: str, what: str) -> Answer:
    """Show the people and the mail of one of them."""
    event = seen_event(slug)
    return _show(event, what, _sending(event, what, now()))


@blueprint.get(f"{_PATH}/html")
@permission(Permission.EDIT_EVENTS)
def follow_up_html(slug: str, what: str) -> Answer:
    """Show the HTML mail of one person on a page of its own."""
    return show_html(_sending(seen_event(slug), what, now()))


@blueprint.post(f"{_PATH}/test")
@permission(Permission.EDIT_EVENTS)
@limit_tests
def follow_up_test(slug: str, what: str) -> Answer:
    """Send the mail of one person to the organiser and show the page again."""
    event = seen_event(slug)
    sending = _sending(event, what, now())
    test_to_myself(sending)
    return _show(event, what, sending)


@blueprint.post(f"{_PATH}/send")
@permission(Permission.EDIT_EVENTS)
def send_later_mail(slug: str, what: str) -> Answer:
    """Send a supplement, or the answers that were written after the follow-up."""
    event = seen_event(slug)
    if what not in _LATER:
        abort(404)
    total, send = total_of(_sending(event, what, now())), _LATER[what][1]
    try:
        with transaction():
            send(slug, by=actor(), now=now())
    except StatusRefused as refusal:
        for words in translate_all(refusal.complaints):
            flash(words, "warning")
    else:
        flash_at("sent", sent_words(total, None, zone=event.zone))
    return redirect(url_for("organiser.follow_up", slug=slug), 303)


def _sending(event: Event, what: str, moment: datetime) -> Sending:
    if what in (*VERSIONS, "asked") and stage_of(event) in ("early", "ready"):
        kind = VERSIONS.get(what)
        return sending_of_version(event, kind, now=moment, asked=kind is None)
    if what not in _LATER or stage_of(event) != "sent":
        abort(404)
    return sending_of_message(event, _LATER[what][0], now=moment)


def _show(event: Event, what: str, sending: Sending) -> str:
    kind, version = sending.message.kind, VERSIONS.get(what)
    here = url_for("organiser.follow_up_preview", slug=event.slug, what=what)
    text = url_for("organiser.event_text", slug=event.slug, kind=(version or kind).value)
    ready = what in _LATER and total_of(sending) > 0
    if what == "supplement":
        ready = ready and bool(new_materials(event, sending.now))
    label = version_label(version) if version else _(LABELS[kind])
    if what == "asked":
        label = _("Of these, people who asked a question")
    return show_preview(
        sending,
        SendButton(
            title=label,
            what=_("Each person’s e-mail lists only what that person may see."),
            here=here,
            send=f"{here}/send" if ready else "",
            send_label=_("Send the supplement") if what == "supplement" else _("Send answers"),
            back=url_for("organiser.follow_up", slug=event.slug),
            more=((_("Change the text"), text),),
            tab="materials",
            readers="" if what in _LATER else label,
        ),
    )
