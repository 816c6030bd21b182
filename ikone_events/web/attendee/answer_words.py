"""What somebody answered to the event's own fields, as rows that their page shows."""

from datetime import timedelta

from flask_babel import gettext as _

from ikone_events.domain.form_fields import Kind, OwnField, answer_words
from ikone_events.domain.times import date_medium
from ikone_events.services.registering.answers import Told, told_by
from ikone_events.store.events import Event
from ikone_events.store.registrations import Registration
from ikone_events.web.attendee.frame import moment_words
from ikone_events.web.i18n import page_locale


def answer_rows(registration: Registration) -> list[tuple[str, str]]:
    """Label and words of each answer; what is deleted early says when."""
    event = registration.event
    return [
        (told.field.label_in(page_locale()), _in_words(told, event))
        for told in told_by(registration)
    ]


def _in_words(told: Told, event: Event) -> str:
    field = told.field
    words = ", ".join(_word(field, value) for value in told.values)
    if field.kind is Kind.CONSENT:
        words += f" ({moment_words(told.at, event)})"
    if field.keep_days is None:
        return words
    gone = event.ends_at + timedelta(days=field.keep_days)
    day = date_medium(gone, locale=page_locale(), zone=event.zone)
    return f"{words} – {_('deleted on %(day)s', day=day)}"


def _word(field: OwnField, value: str) -> str:
    """Yes and No are words of ours; anything else is the organiser's or the person's."""
    words = answer_words(field, value, page_locale())
    return str(_(words)) if field.kind in (Kind.YES_NO, Kind.CONSENT) else words
