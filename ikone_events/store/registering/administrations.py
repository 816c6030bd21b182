"""Queries of the directory of administrations for organisers."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import selectinload

from ikone_events.domain.folding import MOST_WORDS
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, rows_written
from ikone_events.store.directory.models import (
    Contact,
    LeftText,
    Organisation,
    OrganisationName,
    member_on,
)
from ikone_events.store.directory.naming import is_called
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import visible_events
from ikone_events.store.paging import PAGE_SIZE, Page, containing, paginate
from ikone_events.store.registering.models import IS_ACTIVE, Registration


def all_administrations() -> list[Organisation]:
    """All administrations with their names, by id."""
    wanted = select(Organisation).order_by(Organisation.id)
    return list(db.session.scalars(wanted.options(selectinload(Organisation.names))))


def search_administrations(
    words: str = "",
    *,
    kind: str = "",
    member_day: date | None = None,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[Organisation]:
    """One page of the directory by name; `member_day` keeps only members on that day."""
    wanted = select(Organisation)
    if kind:
        wanted = wanted.where(Organisation.kind == kind)
    if member_day is not None:
        wanted = wanted.where(member_on(member_day))
    fields = (
        Organisation.name,
        Organisation.short_name,
        Organisation.district,
        Organisation.official_key,
    )
    for word in words.split()[:MOST_WORDS]:
        named = select(OrganisationName.organisation_id).where(
            or_(*containing(word, [OrganisationName.text]), is_called(word))
        )
        wanted = wanted.where(or_(*containing(word, fields), Organisation.id.in_(named)))
    return paginate(
        wanted.order_by(Organisation.name_key, Organisation.id), number=number, size=size
    )


def registered_from(
    bodies: Iterable[Organisation], organiser: Organiser, *, now: datetime
) -> dict[int, int]:
    """The number of active registrations at coming events that the organiser may see, by body."""
    numbers = [body.id for body in bodies]
    coming = visible_events(organiser).where(Event.ends_at > now).with_only_columns(Event.id)
    wanted = select(Registration.organisation_id, func.count()).where(
        Registration.event_id.in_(coming), Registration.organisation_id.in_(numbers), IS_ACTIVE
    )
    rows = db.session.execute(wanted.group_by(Registration.organisation_id))
    return {number: people for number, people in rows if number is not None}


def drop_unused_left_texts() -> None:
    """Delete texts that were set aside and are no longer in any registration or contact."""
    typed = select(Registration.organisation_key).where(Registration.organisation_key != "")
    of_contacts = select(Contact.organisation_key)
    unused = LeftText.key.not_in(typed) & LeftText.key.not_in(of_contacts)
    rows_written(delete(LeftText).where(unused))
