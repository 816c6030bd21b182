"""Texts of pages in mails to the office, which are written where no page asks for a language."""

from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations

import ikone_events
from ikone_events.domain.operating.words import in_words
from ikone_events.domain.refusals import Complaint


def translated(text: str, locale: str) -> str:
    """A message id in a language."""
    return _catalogue(locale).gettext(text)


def complaint_words(complaint: Complaint, locale: str) -> str:
    """The text of a complaint in a language."""
    return in_words(complaint, _catalogue(locale).gettext, locale)


@cache
def _catalogue(locale: str) -> NullTranslations:
    return Translations.load(Path(ikone_events.__file__).parent / "translations", [locale])
