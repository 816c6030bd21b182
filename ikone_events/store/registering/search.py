"""Conditions that find people by words."""

from sqlalchemy import ColumnElement, or_, select

from ikone_events.domain.folding import search_words
from ikone_events.store.directory.models import OrganisationName
from ikone_events.store.directory.naming import is_called
from ikone_events.store.registering.models import Registration


def named(words: str) -> list[ColumnElement[bool]]:
    """One condition per word: name, address, or office as typed or matched, contain it."""
    return [_contains(spellings) for spellings in search_words(words)]


def _contains(spellings: tuple[str, ...]) -> ColumnElement[bool]:
    texts = (Registration.search_key.contains(word, autoescape=True) for word in spellings)
    matched = select(OrganisationName.organisation_id).where(or_(*map(is_called, spellings)))
    return or_(*texts, Registration.organisation_id.in_(matched))
