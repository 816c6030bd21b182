"""Texts of pages in mails to the office, which are written where no page asks for a language."""

from ikone_events.catalogues import catalogue
from ikone_events.domain.operating.words import in_words
from ikone_events.domain.refusals import Complaint


def translated(text: str, locale: str) -> str:
    """A message id in a language."""
    return catalogue(locale).gettext(text)


def complaint_words(complaint: Complaint, locale: str) -> str:
    """The text of a complaint in a language."""
    return in_words(complaint, catalogue(locale).gettext, locale)
