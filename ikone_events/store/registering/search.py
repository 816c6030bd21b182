"""Conditions that find people by words."""

from sqlalchemy import ColumnElement, or_, select

from ikone_events.domain.directory.administrations import key_of
from ikone_events.domain.folding import search_words
from ikone_events.store.directory.models import OrganisationName
from ikone_events.store.registering.models import Registration


def named(words: str) -> list[ColumnElement[bool]]:
    """One condition per word: name, address, or office as typed or matched, contain it."""
    return [_contains(spellings) for spellings in search_words(words)]


def _contains(spellings: tuple[str, ...]) -> ColumnElement[bool]:
    texts = (Registration.search_key.contains(word, autoescape=True) for word in spellings)
    keys = {key for word in spellings if (key := key_of(word))}
    offices = (OrganisationName.key.contains(key, autoescape=True) for key in sorted(keys))
    matched = select(OrganisationName.organisation_id).where(or_(False, *offices))
    return or_(*texts, Registration.organisation_id.in_(matched))
