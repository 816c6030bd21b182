"""What people answered to an event's own fields, as pages show it."""

from collections.abc import Iterable
from dataclasses import dataclass

from ikone_events.domain.form_fields import YES_NO_LABELS, Answers, OwnField, answer_words
from ikone_events.web.organiser.words import gettext as _


@dataclass(frozen=True, slots=True)
class Said:
    """One field and what was answered, in words."""

    label: str
    text: str


def said_by(fields: Iterable[OwnField], answers: Answers, locale: str) -> list[Said]:
    """The answered fields in their order."""
    return [
        Said(own.label_in(locale), ", ".join(_words(own, v, locale) for v in answers[own.key]))
        for own in fields
        if answers.get(own.key)
    ]


def _words(own: OwnField, value: str, locale: str) -> str:
    words = answer_words(own, value, locale)
    return _(words) if words in YES_NO_LABELS.values() else words
