"""What somebody answered, to the event's fields and by their calendar, as their page says it."""

from datetime import timedelta

from flask_babel import gettext as _

from ikone_events.domain.answer_rules import ACCEPTED, DECLINED, TENTATIVE
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


def calendar_answer(registration: Registration) -> str:
    """What the person's calendar told us; a place is given up on this page alone."""
    words = {
        ACCEPTED: _("You are coming."),
        TENTATIVE: _("Maybe."),
        DECLINED: _("You are not coming. Your place is kept until you withdraw."),
    }
    return str(words.get(registration.partstat, ""))


def _in_words(told: Told, event: Event) -> str:
    field = told.field
    words = ", ".join(_word(field, value) for value in told.values)
    if field.kind is Kind.CONSENT:
        words += f" ({moment_words(told.at, event)})"
    if field.keep_days is None:
        return words
    gone = event.ends_at + timedelta(days=field.keep_days)
    day = date_medium(gone, locale=page_locale(), zone=event.zone)
    return str(_("%(answer)s – deleted on %(day)s", answer=words, day=day))


def _word(field: OwnField, value: str) -> str:
    """Yes and No are words of ours; anything else is the organiser's or the person's."""
    words = answer_words(field, value, page_locale())
    return str(_(words)) if field.kind in (Kind.YES_NO, Kind.CONSENT) else words
