"""Complaints in the words of a language, for pages and for mails to the office."""

from collections.abc import Callable
from datetime import date, datetime

from ikone_events.domain.events.lifecycle import ACTION_LABELS, STATE_LABELS
from ikone_events.domain.mails.kinds import LABELS as MAIL_LABELS
from ikone_events.domain.refusals import Complaint
from ikone_events.domain.registering.status import ACTION_LABELS as REGISTRATION_ACTION_LABELS
from ikone_events.domain.registering.status import REGISTRATION_STATUS_LABELS
from ikone_events.domain.times import date_numeric, typed_words

# Values of complaints that are labels and get translated; all others are people's texts.
_LABELS = frozenset(
    text
    for labels in (
        STATE_LABELS,
        ACTION_LABELS,
        MAIL_LABELS,
        REGISTRATION_STATUS_LABELS,
        REGISTRATION_ACTION_LABELS,
    )
    for text in labels.values()
)


def in_words(complaint: Complaint, gettext: Callable[[str], str], locale: str) -> str:
    """The text of a complaint, translated by `gettext`; its labels, dates and local times too."""

    def shown(value: object) -> object:
        if isinstance(value, datetime):
            return typed_words(value, locale=locale)
        if isinstance(value, date):
            return date_numeric(value, locale=locale)
        return gettext(value) if isinstance(value, str) and value in _LABELS else value

    values = {key: shown(value) for key, value in complaint.values.items()}
    text = gettext(complaint.text)
    return text % values if values else text
