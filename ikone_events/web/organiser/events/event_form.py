"""The form of an event: its fields, and the conversions from a row and to a draft."""

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from ikone_events.domain.events.draft import (
    CHOSEN_PLANS,
    LINE_LENGTHS,
    TEXT_LENGTH,
    TEXT_LENGTHS,
    EventDraft,
    programme_of,
)
from ikone_events.domain.events.facts import FORMAT_LABELS
from ikone_events.domain.events.lifecycle import EventFormat
from ikone_events.domain.events.registration_settings import (
    LONGEST_RESERVATION_HOURS,
    MOMENTS,
    NUMBERS,
    TICKS,
    RegistrationSettings,
)
from ikone_events.domain.plan.templates import PLAN_LABELS, PlanName
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.times import BERLIN, known_zone, zone_names
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.events.doubtful_dates import DatesMeant
from ikone_events.web.organiser.events.room_fields import RoomFields, line_of_event
from ikone_events.web.organiser.fields import LocalTime, WholeNumber, local_time, moment_of, typed
from ikone_events.web.shell.forms import LineField, TextField
from ikone_events.web.shell.interrupted import TeamForm

PLAN_NAMES = {
    "": N_("By the format of the event"),
    PlanName.ROUND_TABLE.value: PLAN_LABELS[PlanName.ROUND_TABLE],
}
_CHOSEN = ("zone", "plan")
# Texts that the form has under the names of the draft.
_PLAIN = tuple(f.name for f in fields(EventDraft) if f.type is str and f.name not in _CHOSEN)


# The formats to which a field applies; other fields apply to all.
_VIDEO = (EventFormat.ONLINE, EventFormat.HYBRID)
FORMATS_OF: dict[str, tuple[EventFormat, ...]] = {
    **dict.fromkeys(("place", "directions", "bring"), (EventFormat.ON_SITE, EventFormat.HYBRID)),
    **dict.fromkeys(("room_provider", "room_url", "room_pin", "moderator_url"), _VIDEO),
    "dial_in": _VIDEO,
    "plan": _VIDEO,
    "capacity_online": (EventFormat.HYBRID,),
    "capacity_on_site": (EventFormat.HYBRID,),
}
# What the domain refuses for other formats; texts are kept, in case the format changes back.
_DROPPED = {"plan": "", "capacity_online": None, "capacity_on_site": None}

# Settings that few events use: their part of the form is folded until one is used or refused.
_IN_SIGHT = (
    *("deadline", "capacity", "capacity_online", "capacity_on_site"),
    *("waiting_list", "accepts_late"),
)
_DEFAULTS = {
    name: value for name, value in asdict(RegistrationSettings()).items() if name not in _IN_SIGHT
}


def _text(label: str, rows: int = 4, most: int = TEXT_LENGTH) -> TextField:
    return TextField(label, render_kw={"rows": rows, "maxlength": most})


_COMMON, _OTHER = N_("Common time zones"), N_("All time zones")
_COMMON_ZONES = (BERLIN, "Europe/London", "Europe/Brussels", "UTC")
NOTIFY, SILENT = "notify", "silent"
NOTIFICATIONS = {
    NOTIFY: N_("Notify everybody concerned"),
    SILENT: N_("Save without notification"),
}


def _places(label: str) -> WholeNumber:
    return WholeNumber(label, render_kw={"min": 1, "inputmode": "numeric"})


def _hours(label: str) -> WholeNumber:
    attributes = {"min": 1, "max": LONGEST_RESERVATION_HOURS, "inputmode": "numeric"}
    return WholeNumber(label, render_kw=attributes)


class SettingsForm(TeamForm):
    """The rules of registration; the draft checks them."""

    deadline = LocalTime(_l("Registration until"))
    capacity = _places(_l("Number of places"))
    waiting_list = BooleanField(_l("Keep a waiting list when all places are taken"), default=True)
    accepts_late = BooleanField(
        _l("Accept registrations until the end, also after the access link was sent"), default=True
    )

    capacity_online = _places(_l("Of these at most online"))
    capacity_on_site = _places(_l("Of these at most on site"))

    by_code = BooleanField(_l("Only with an invitation code"))
    members_until = LocalTime(_l("Places only for members until"))
    per_administration = _places(_l("Most places for one public body"))
    colleagues = BooleanField(
        _l("Let people register colleagues along with themselves"), default=True
    )

    confirm_hours = _hours(_l("Hours to confirm the e-mail address"))
    approval = BooleanField(_l("Every registration needs our approval"))

    offer_hours = _hours(_l("Hours to accept a place from the waiting list"))
    decline_frees = BooleanField(_l("People who decline in the calendar give up their place"))

    @property
    def settings_in_use(self) -> bool:
        """Whether the folded part must be open: a setting in it is used or wrong."""
        return any(self[name].errors or self[name].data != _DEFAULTS[name] for name in _DEFAULTS)


class EventForm(RoomFields, SettingsForm):
    """The fields of an event; the draft checks the rules."""

    # How long an event lasts whose end was left out; None: the end must be given.
    lasts: timedelta | None = None

    edit_version = WholeNumber(widget=HiddenInput())

    title = LineField(
        _l("Title"),
        [InputRequired(_l("Please enter a title."))],
        render_kw={"maxlength": 200, "autocomplete": "off"},
    )
    series = line_of_event(_l("Series"), "series")
    summary = _text(_l("Summary"), 2)
    description = _text(_l("Description"), 4)
    programme = _text(_l("Programme"), 3)
    speakers = _text(_l("Speakers"), 3)

    starts_at = LocalTime(_l("Start"), [InputRequired(_l("Please enter the start."))])
    ends_at = LocalTime(_l("End"), [InputRequired(_l("Please enter the end."))])
    dates_meant = DatesMeant()
    zone = SelectField(_l("Time zone"), validate_choice=False)
    format = RadioField(_l("Format"), choices=list(EventFormat), default=EventFormat.ONLINE.value)
    plan = SelectField(
        _l("Automatic steps"),
        choices=[(name, PLAN_NAMES[name]) for name in CHOSEN_PLANS],
        default="",
    )
    place = line_of_event(_l("Place"), "place")
    directions = _text(_l("Room and directions"), 3, TEXT_LENGTHS["directions"])
    bring = _text(_l("Please bring"), 3, TEXT_LENGTHS["bring"])

    question_label = line_of_event(_l("Question in the registration form"), "question_label")

    feedback_url = line_of_event(
        _l("Address of the survey"), "feedback_url", type="url", inputmode="url"
    )

    contact_name = line_of_event(_l("Name"), "contact_name")
    contact_email = line_of_event(
        _l("E-mail address"), "contact_email", type="email", inputmode="email"
    )
    contact_phone = line_of_event(_l("Telephone"), "contact_phone", type="tel", inputmode="tel")
    retention_days = WholeNumber(
        _l("Delete names after (days)"),
        default=90,
        render_kw={"min": 1, "max": 3650, "inputmode": "numeric"},
    )

    notification = RadioField(
        _l("If something changes that stands in calendars"),
        choices=list(NOTIFICATIONS),
        default=NOTIFY,
    )

    title_en = line_of_event(_l("Title in English"), "title_en", lang="en")
    summary_en = _text(_l("Summary in English"), 3)
    description_en = _text(_l("Description in English"), 4)
    question_label_en = line_of_event(_l("Question in English"), "question_label_en", lang="en")

    def translate_choices(self, translate: Callable[[str], str]) -> None:
        """Translate the labels of formats and plans into the language of the page."""
        self.zone.choices = _zone_choices(self.zone.data or "", translate)
        self.format.choices = [(k.value, translate(FORMAT_LABELS[k])) for k in EventFormat]
        self.plan.choices = [(name, translate(PLAN_NAMES[name])) for name in CHOSEN_PLANS]
        self.notification.choices = [
            (name, translate(words)) for name, words in NOTIFICATIONS.items()
        ]

    def applies(self, name: str) -> bool:
        """Whether a field applies to the chosen format; a refused one is shown in any case."""
        formats = FORMATS_OF.get(name, tuple(EventFormat))
        return self.format.data in formats or bool(self[name].errors)

    @property
    def is_silent(self) -> bool:
        """Whether no mail about the change is wanted."""
        return bool(self.notification.data == SILENT)


def _zone_choices(zone: str, translate: Callable[[str], str]) -> dict[str, list[tuple[str, str]]]:
    """The time zones by group, the common ones first; with the stored one, if it is another."""
    known = zone_names()
    common = [zone, *_COMMON_ZONES] if zone and zone not in known else list(_COMMON_ZONES)
    groups = {translate(_COMMON): common, translate(_OTHER): list(known)}
    return {
        group: [(name, name.replace("_", " ")) for name in names] for group, names in groups.items()
    }


def values_of(event: Event) -> dict[str, object]:
    """Return a stored event as values of the form."""
    zone = event.zone
    return {
        **{name: getattr(event, name) for name in _PLAIN},
        "edit_version": event.edit_version,
        "programme": "\n".join(
            f"{item['time']} {item['title']}".strip() for item in event.programme_items
        ),
        "starts_at": local_time(event.starts_at, zone),
        "ends_at": local_time(event.ends_at, zone),
        **{name: local_time(getattr(event, name), zone) for name in MOMENTS},
        **{name: getattr(event, name) for name in (*NUMBERS, *TICKS)},
        "zone": zone,
        "format": event.format,
        "plan": event.plan if event.plan in CHOSEN_PLANS else "",
        "retention_days": event.retention_days,
    }


def _settings_from(form: SettingsForm, zone: str, found: list[Complaint]) -> dict[str, Any]:
    """Return the settings by their names; adds complaints about times that don't exist."""
    moments = {name: moment_of(form[name], zone, found) for name in MOMENTS}
    return {**moments, **{name: form[name].data for name in (*NUMBERS, *TICKS)}}


def draft_of(form: EventForm) -> EventDraft:
    """Return the draft that the form describes; raises UnfitInput for times that don't exist."""
    zone, found = _zone(form)
    starts_at = moment_of(form.starts_at, zone, found)
    ends_at = moment_of(form.ends_at, zone, found)
    if form.lasts and starts_at and form.ends_at.data is None:
        ends_at = starts_at + form.lasts
    settings = _settings_from(form, zone, found)
    if found or starts_at is None or ends_at is None:
        raise UnfitInput(found)
    texts: dict[str, Any] = {name: _clean(form, name) for name in _PLAIN}
    chosen = EventFormat(form.format.data)
    dropped: dict[str, Any] = {
        name: value for name, value in _DROPPED.items() if chosen not in FORMATS_OF[name]
    }
    draft = EventDraft(
        **texts,
        programme=programme_of(form.programme.data or ""),
        starts_at=starts_at,
        ends_at=ends_at,
        **settings,
        zone=zone,
        format=chosen,
        plan=form.plan.data or "",
        retention_days=0 if form.retention_days.data is None else form.retention_days.data,
    )
    return replace(draft, **dropped)


def _zone(form: EventForm) -> tuple[str, list[Complaint]]:
    zone = (form.zone.data or "").strip()
    try:
        known_zone(zone)
    except UnfitInput:
        unknown = N_("There is no time zone called “%(zone)s”.")
        return "UTC", [Complaint(unknown, {"zone": zone[:60]}, "zone")]
    return zone, []


def _clean(form: EventForm, name: str) -> str:
    text = form[name].data or ""
    return text.strip() if name in LINE_LENGTHS else typed(text)


def draft_fields() -> tuple[str, ...]:
    """Return the names of all fields that an edit may change."""
    return tuple(field.name for field in fields(EventDraft))
