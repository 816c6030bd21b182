"""Calendars of an event: what they show now and after the next mail, and a test invitation."""

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.calendars.invitation import public_event
from ikone_events.domain.calendars.preview import hints_on
from ikone_events.domain.events.facts import Mode, State
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.words import LOCALES
from ikone_events.services.calendars.feeds import entry_of
from ikone_events.services.calendars.preview import views_of
from ikone_events.services.installation import now
from ikone_events.services.mails.trial_invitations import (
    Tester,
    send_trial,
    take_back_trial,
    trial_object,
    trial_of,
)
from ikone_events.services.mails.values import summary_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.web.organiser.calendars.calendar_rows import (
    answer_words,
    card_of,
    rows_of,
    with_shared_hints,
)
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, translate_all
from ikone_events.web.organiser.mails.preview_page import limit_tests
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale


@blueprint.get("/events/<slug>/calendar")
@permission(Permission.SEE_EVENTS)
def calendars(slug: str) -> str:
    """Show the calendars of a sample of people, or of the requested person."""
    return _page(seen_event(slug), person=request.args.get("person", ""))


@blueprint.post("/events/<slug>/calendar/test")
@permission(Permission.EDIT_EVENTS)
@limit_tests
def send_test_invitation(slug: str) -> Answer:
    """Send a test invitation to the organiser."""
    event = seen_event(slug)
    try:
        with transaction():
            mail = send_trial(event.slug, _tester(), now=now())
    except UnfitInput as refusal:
        return _page(event, complaints=translate_all(refusal.complaints)), 422
    flash(_("A test invitation is on its way to %(address)s.", address=mail.recipient), "success")
    return redirect(url_for("organiser.calendars", slug=slug, _anchor="test"), 303)


@blueprint.post("/events/<slug>/calendar/test/remove")
@permission(Permission.EDIT_EVENTS)
@limit_tests
def remove_test_invitation(slug: str) -> Answer:
    """Withdraw the test invitation; does nothing if there is none any more."""
    event = seen_event(slug)
    with transaction():
        mail = take_back_trial(event.slug, _tester(), now=now())
    if mail is None:
        flash(_("There is no test invitation in your calendar any more."), "info")
    else:
        flash(_("An e-mail takes the test out of your calendar."), "success")
    return redirect(url_for("organiser.calendars", slug=slug, _anchor="test"), 303)


def _page(event: Event, *, person: str = "", complaints: list[str] | None = None) -> str:
    people = [get_person(event, person)] if person else None
    cards, shared = with_shared_hints(
        [card_of(view, event, event) for view in views_of(event, now=now(), people=people)]
    )
    public, faults = _public(event)
    me = organiser()
    return render_template(
        "organiser/calendars/calendar.html",
        event=event,
        person=people[0] if people else None,
        cards=cards,
        hints=shared if cards else _hints(event),
        first=[] if cards else _first_entry(event),
        public=public,
        public_complaints=faults,
        complaints=complaints or [],
        own_address=me.email,
        trial=(trial := trial_of(event, me.email)),
        answer=answer_words(trial.answer.partstat) if trial and trial.answer else "",
    )


def _first_entry(event: Event) -> list[tuple[str, str]]:
    """Describe the invitation of the first registration; empty if it can't be written yet."""
    try:
        data = trial_object(event, _tester(), now=now())
    except UnfitInput:
        return []  # the page lists the complaints in its hints
    return _pairs(data, event)


def _public(event: Event) -> tuple[list[tuple[str, str]], list[str]]:
    """Describe the public calendar entry, or return the complaints that prevent it."""
    if event.state == State.DRAFT.value:
        return [], []
    try:
        data = public_event(entry_of(event, page_locale()), locale=page_locale())
    except UnfitInput as refusal:
        return [], translate_all(refusal.complaints)
    return _pairs(data, event), []


def _pairs(data: bytes, event: Event) -> list[tuple[str, str]]:
    return [(row.label, row.after) for row in rows_of(None, data, event, event)]


def _hints(event: Event) -> list[str]:
    contact = bool(event.contact_name or event.contact_email)
    summary = summary_of(event, page_locale())
    return translate_all(hints_on(summary, contact_known=contact, now=now()))


def _tester() -> Tester:
    me, locale, mode = organiser(), request.form.get("in", ""), request.form.get("mode", "")
    return Tester(
        email=me.email,
        name=me.name or me.email,
        locale=locale if locale in LOCALES else page_locale(),
        mode=mode if mode in tuple(Mode) else Mode.ONLINE.value,
    )
