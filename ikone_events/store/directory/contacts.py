"""Queries of the contacts of the office."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from ikone_events.domain.directory.contact import CHECKED_FOR
from ikone_events.store.db import db
from ikone_events.store.directory.models import Contact, Organisation
from ikone_events.store.directory.naming import named_by
from ikone_events.store.paging import PAGE_SIZE, Page, paginate


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSearch:
    """The conditions of a search; `body` is the id of an administration.

    `unchecked_at`: only contacts that are to be checked at this time.
    """

    words: str = ""
    body: int | None = None
    unmatched: bool = False
    unchecked_at: datetime | None = None


def search_contacts(
    wish: ContactSearch, *, number: int = 1, size: int = PAGE_SIZE
) -> Page[Contact]:
    """One page of the contacts by name, with their administrations."""
    return paginate(_matching(wish), number=number, size=size)


def all_contacts() -> Select[Contact]:
    """All contacts by name, with their administrations."""
    return _matching(ContactSearch())


def _matching(wish: ContactSearch) -> Select[Contact]:
    wanted = select(Contact).where(*named_contacts(wish.words))
    if wish.body is not None:
        wanted = wanted.where(Contact.organisation_id == wish.body)
    if wish.unmatched:
        wanted = wanted.where(Contact.organisation_id.is_(None))
    if wish.unchecked_at is not None:
        wanted = wanted.where(_is_unchecked(wish.unchecked_at))
    return wanted.options(joinedload(Contact.organisation)).order_by(Contact.name_key, Contact.id)


def named_contacts(words: str) -> list[ColumnElement[bool]]:
    """One condition per word: name, address, function or administration contain it."""
    return named_by(words, Contact.search_key, Contact.organisation_id)


def _is_unchecked(now: datetime) -> ColumnElement[bool]:
    """Whether nobody has checked a contact for a long time."""
    return Contact.checked_at <= now - CHECKED_FOR


def count_unchecked(now: datetime) -> int:
    """How many contacts are to be checked."""
    return db.session.scalar(select(func.count()).where(_is_unchecked(now))) or 0


def bodies_with_contacts(most: int) -> list[tuple[int, str, int]]:
    """Id, name and number of contacts of administrations that have some, by name."""
    rows = db.session.execute(
        select(Organisation.id, Organisation.name, func.count())
        .join(Contact, Contact.organisation_id == Organisation.id)
        .group_by(Organisation.id, Organisation.name, Organisation.name_key)
        .order_by(Organisation.name_key, Organisation.id)
        .limit(most)
    )
    return [(number, name, people) for number, name, people in rows]
