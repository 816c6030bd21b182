"""“Change the date”: another date, or none for now; what it changes and whom it is sent to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField
from wtforms.widgets import HiddenInput

from ikone_events.domain.events.dates import order_complaint
from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.events.lifecycle import MOVED, Action, State, find_rule, rule_for
from ikone_events.domain.header_text import MOST_REASON
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    Refusal,
    SomebodyWasFaster,
    StaleForm,
    TransitionRefused,
    UnfitInput,
)
from ikone_events.services.events.moving import can_change_date, change_date, event_on
from ikone_events.services.events.transitions import Request, facts_for, perform
from ikone_events.services.events.undoing import quiet_until
from ikone_events.services.installation import get_installation, now
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.services.mails.drafts import (
    Draft,
    Sending,
    draft_for,
    find_person,
    sending_of_action,
    sending_of_update,
)
from ikone_events.services.rooms.attendance import came_before
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.events.doubtful_dates import DatesMeant
from ikone_events.web.organiser.events.event_form import SILENT
from ikone_events.web.organiser.events.undo_words import mails_words
from ikone_events.web.organiser.events.update_words import is_mailed, saved_words
from ikone_events.web.organiser.fields import LocalTime, WholeNumber, local_time, moment_of
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
from ikone_events.web.organiser.mails.preview_page import entry_words
from ikone_events.web.organiser.plan.step_words import sent_words
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import TextField, show_instead
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import TeamForm, keeps_input

PAGE = "/events/<slug>/date"
KNOWN, UNKNOWN = "date", "unknown"
# Who is written to: the audience, and the parameters that list it.
_GROUPS: tuple[tuple[Audience, str, dict[str, Any]], ...] = (
    (Audience.CONFIRMED, N_("Confirmed: e-mail and calendar"), {"status": "confirmed"}),
    (Audience.UNCONFIRMED, N_("E-mail not confirmed: e-mail only"), {"awaits": "address"}),
    (Audience.UNAPPROVED, N_("To be approved: e-mail only"), {"awaits": "approval"}),
    (Audience.OFFERED, N_("Place offered: e-mail only"), {"status": "offered"}),
    (Audience.WAITING, N_("Waiting list: e-mail only"), {"status": "waitlisted"}),
)


class DateForm(TeamForm):
    """The new date of an event, or that there is none yet."""

    edit_version = WholeNumber(widget=HiddenInput())
    state = HiddenField()
    when = RadioField(_l("Is the new date known?"), choices=[KNOWN, UNKNOWN], default=KNOWN)
    starts_at = LocalTime(_l("New start"))
    ends_at = LocalTime(_l("New end"))
    dates_meant = DatesMeant()
    reason = TextField(
        _l("Sentence for the e-mail"), render_kw={"rows": 2, "maxlength": MOST_REASON}
    )

    @property
    def is_unknown(self) -> bool:
        """Whether the event is to be postponed without a date."""
        return bool(self.when.data == UNKNOWN)


@dataclass(frozen=True, slots=True)
class DatePreview:
    """What a change of date would do; `then` is the event afterwards.

    `effect` says what the e-mail does to a calendar.
    """

    then: Event
    draft: Draft | None
    effect: str
    unfit: list[str]


@blueprint.get(PAGE, endpoint="change_date")
@permission(Permission.EDIT_EVENTS)
def ask_date(slug: str) -> Answer:
    """Ask for the new date."""
    wish = request.args.get("when", KNOWN)
    return show_date(seen_event(slug), unknown=wish == UNKNOWN)


@blueprint.post(PAGE)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_date(slug: str) -> Answer:
    """Show what the change would do, or carry it out."""
    event, form = seen_event(slug), DateForm()
    try:
        dates = _read(form, event)
        if "look" in request.form:
            return _page(event, form, _preview(event, form, dates))
        with transaction():
            event = _carry_out(event, form, dates)
    except UnfitInput as refusal:
        return _refused(slug, form, refusal), 422
    except (SomebodyWasFaster, StaleForm, TransitionRefused) as refusal:
        return _refused(slug, form, refusal), 409
    _flash_done(event, form)
    return redirect(event_url(event), 303)


def show_date(event: Event, *, unknown: bool = False) -> str:
    """Render the page with nothing typed: from its own address, and for the actions it replaces."""
    zone = event.zone
    form = DateForm(
        formdata=None,
        when=UNKNOWN if unknown and _can_postpone(event) else KNOWN,
        starts_at=local_time(event.starts_at, zone),
        ends_at=local_time(event.ends_at, zone),
        edit_version=event.edit_version,
        state=event.state,
    )
    return _page(event, form, _preview(event, form, None) if form.is_unknown else None)


def _read(form: DateForm, event: Event) -> tuple[datetime, datetime] | None:
    """Return the typed date, or None if it is unknown yet; raises UnfitInput."""
    if not form.validate():
        raise UnfitInput(())
    if form.is_unknown:
        return None
    found: list[Complaint] = []
    starts_at = moment_of(form.starts_at, event.zone, found)
    ends_at = moment_of(form.ends_at, event.zone, found)
    found += (
        Complaint(N_("Please enter a date and a time."), about=name)
        for name in ("starts_at", "ends_at")
        if form[name].data is None
    )
    if not found and starts_at and ends_at:
        found += filter(None, [order_complaint(starts_at, ends_at, event.zone)])
    if found or starts_at is None or ends_at is None:
        raise UnfitInput(found)
    if (starts_at, ends_at) == (event.starts_at, event.ends_at) and not _is_withdrawn(event):
        raise UnfitInput(Complaint(N_("This is the present date."), about="starts_at"))
    form.dates_meant.confirm(starts_at, ends_at)
    return starts_at, ends_at


def _is_withdrawn(event: Event) -> bool:
    return event.state == State.POSTPONED.value


def _can_postpone(event: Event) -> bool:
    return find_rule(Action.POSTPONE, State(event.state)) is not None


def _seen(form: DateForm, event: Event) -> tuple[State, int]:
    """Return state and version that the page showed; a form without them means the present ones."""
    shown = form.state.data
    state = State(shown) if shown in list(State) else State(event.state)
    return state, form.edit_version.data or event.edit_version


def _carry_out(event: Event, form: DateForm, dates: tuple[datetime, datetime] | None) -> Event:
    state, version = _seen(form, event)
    if dates is None:
        wish = Request(
            action=Action.POSTPONE,
            actor=actor(),
            expected=state,
            reason=form.reason.data or "",
            waits=True,
        )
        return perform(event.slug, wish, now=now()).event
    return change_date(
        event.slug,
        *dates,
        expected=state,
        expected_edit_version=version,
        actor=actor(),
        now=now(),
        reason=form.reason.data or "",
        silent=request.form.get("notification") == SILENT,
    )


def _refused(slug: str, form: DateForm, refusal: Refusal) -> str:
    event = seen_event(slug)
    show_complaints(form, refusal.complaints)
    if isinstance(refusal, SomebodyWasFaster | StaleForm):
        show_instead(form.edit_version, event.edit_version)
        show_instead(form.state, event.state)
    return _page(event, form, None)


def _preview(event: Event, form: DateForm, dates: tuple[datetime, datetime] | None) -> DatePreview:
    sending, then = _sending(event, form, dates)
    person = find_person(sending, "") if sending else None
    if sending is None or person is None:
        return DatePreview(then, None, "", [])
    try:
        draft = draft_for(sending, person, person.locale, now=now())
    except UnfitInput as refusal:
        return DatePreview(then, None, "", translate_all(refusal.complaints))
    invitation = draft.facts.invitation
    updates = invitation is not None and invitation.updates
    entry = entry_words(draft.mail.calendar, event.zone, updates=updates)
    return DatePreview(then, draft, entry[0][1] if entry else "", [])


def _sending(
    event: Event, form: DateForm, dates: tuple[datetime, datetime] | None
) -> tuple[Sending | None, Event]:
    """Return what would be sent, None if nobody is written to, and the event afterwards."""
    reason = form.reason.data or ""
    action = Action.POSTPONE if dates is None else Action.RESCHEDULE
    rule = rule_for(action, facts_for(action, event, now()))
    if rule is not None:
        starts_at, ends_at = dates or (None, None)
        sending = sending_of_action(
            event, rule, now=now(), reason=reason, new_starts_at=starts_at, new_ends_at=ends_at
        )
        return sending, event_on(event, *dates) if dates else event
    if dates is None:
        return None, event
    then = event_on(event, *dates)
    if not is_mailed(then):
        return None, then
    return sending_of_update(event, then, MOVED, now=now(), reason=reason), then


def _flash_done(event: Event, form: DateForm) -> None:
    if form.is_unknown:
        words = f"{_('The event is postponed.')} {mails_words(event)}"
    elif event.update_due_at is not None:
        words = saved_words(event)
    else:  # a postponed event writes to everybody, others to nobody
        number = sum(_numbers(event)) if form.state.data == State.POSTPONED.value else 0
        words = _("The date has been changed.")
        if number:
            words += f" {sent_words(number, None, zone=event.zone)}"
    flash_at("next-step", words.rstrip())


def _numbers(event: Event) -> list[int]:
    groups = [Group(event, audience) for audience, _label, _query in _GROUPS]
    counts = count_each(groups, now=now())
    return [counts[group] for group in groups]


def _page(event: Event, form: DateForm, preview: DatePreview | None) -> str:
    form.when.choices = [(KNOWN, _("Yes")), (UNKNOWN, _("No, not yet"))]
    numbers = _numbers(event)
    context: dict[str, Any] = {
        "data_page": "date",
        "people": [
            (_(label), number, url_for("organiser.registrations", slug=event.slug, **query))
            for (_audience, label, query), number in zip(_GROUPS, numbers, strict=True)
            if number
        ],
        "total": sum(numbers),
        "writes": _is_withdrawn(event) or event.state in TAKES_PLACE,
        "withdrawn": _is_withdrawn(event),
        "can_postpone": _can_postpone(event),
        "came": came_before(event, preview.then, now=now()) if preview else 0,
        "possible": can_change_date(event),
        "waits": quiet_until(event, now=now()) is not None,
        "quiet_minutes": get_installation().settings.quiet_minutes,
    }
    return render_template(
        "organiser/events/date.html", event=event, form=form, preview=preview, **context
    )
