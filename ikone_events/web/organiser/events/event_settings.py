"""The part of an event's form that says who may register and how a place becomes firm."""

from dataclasses import asdict
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField

from ikone_events.domain.events.registration_settings import (
    LONGEST_RESERVATION_HOURS,
    MOMENTS,
    NUMBERS,
    TICKS,
    RegistrationSettings,
)
from ikone_events.domain.refusals import Complaint
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.fields import LocalTime, WholeNumber, local_time, moment_of

# Settings most events leave alone: their part of the form is folded until one is used or refused.
_IN_SIGHT = ("deadline", "capacity", "waiting_list", "accepts_late")
_DEFAULTS = {
    name: value for name, value in asdict(RegistrationSettings()).items() if name not in _IN_SIGHT
}


def _places(label: str) -> WholeNumber:
    return WholeNumber(label, render_kw={"min": 1, "inputmode": "numeric"})


def _hours(label: str) -> WholeNumber:
    attributes = {"min": 1, "max": LONGEST_RESERVATION_HOURS, "inputmode": "numeric"}
    return WholeNumber(label, render_kw=attributes)


class SettingsForm(FlaskForm):
    """The rules of registration. They are checked by the draft."""

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
    per_administration = _places(_l("Most places for one administration"))
    colleagues = BooleanField(
        _l("Let people register colleagues along with themselves"), default=True
    )

    confirm_hours = _hours(_l("Hours to confirm the e-mail address"))
    approval = BooleanField(_l("Every registration needs our approval"))

    offer_hours = _hours(_l("Hours to accept a place from the waiting list"))
    decline_frees = BooleanField(_l("Whoever declines in the calendar gives up the place"))

    @property
    def settings_in_use(self) -> bool:
        """Whether the folded part must be seen: something in it is set, or wrong."""
        return any(self[name].errors or self[name].data != _DEFAULTS[name] for name in _DEFAULTS)


def settings_values(event: Event) -> dict[str, object]:
    """The stored settings as the form holds them."""
    moments = {name: local_time(getattr(event, name), event.zone) for name in MOMENTS}
    return {**moments, **{name: getattr(event, name) for name in (*NUMBERS, *TICKS)}}


def settings_from(form: SettingsForm, zone: str, found: list[Complaint]) -> dict[str, Any]:
    """The settings by the names of the draft; times that do not exist are added to `found`."""
    moments = {name: moment_of(form[name], zone, found) for name in MOMENTS}
    return {**moments, **{name: form[name].data for name in (*NUMBERS, *TICKS)}}
